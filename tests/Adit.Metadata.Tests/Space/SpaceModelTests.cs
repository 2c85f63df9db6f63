using Adit.Format;
using Adit.Interop;
using Adit.Metadata.Space;
using Xunit.Abstractions;

namespace Adit.Metadata.Tests.Space;

/// <summary>The allocator against one byte per block.</summary>
public sealed class SpaceModelTests(ITestOutputHelper output)
{
    private enum State : byte
    {
        Free,
        Reserved,
        Live,
        Pending,
    }

    [Theory]
    [InlineData(1, 24, 1000)]
    [InlineData(2, 24, 8)]
    [InlineData(3, 7, 2)]
    [InlineData(4, 64, 16)]
    public void Allocator_under_random_operations_agrees_with_a_bitmap(int seed, int chunkCount, int lineCap)
    {
        output.WriteLine($"seed {seed}");
        new Run(seed, chunkCount, lineCap).Go(3_000);
    }

    [Fact]
    [Trait("Tier", "long")]
    public void Allocator_under_many_random_operations_agrees_with_a_bitmap()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seeds {seed} to {seed + 39}");
        for (var run = 0; run < 40; run++)
        {
            new Run(seed + run, 8 + (run * 3), 1 + (run * 2)).Go(20_000);
        }
    }

    private sealed class Run
    {
        private const int FirstUsable = 1;
        private readonly Random _random;
        private readonly State[] _model;
        private readonly ChunkUse[] _uses;
        private readonly long[] _counts = new long[4];
        private readonly long[] _token;
        private readonly StoredLines _lines = new();
        private readonly HostSpaceMedium _medium;
        private readonly List<BlockExtent> _reserved = [];
        private readonly List<BlockExtent> _live = [];
        private readonly List<long> _nodeChunks = [];
        private readonly int _chunkCount;
        private readonly int _lineCap;
        private SpaceAllocator _space;
        private long _sealed;
        private long _openToken;

        public Run(int seed, int chunkCount, int lineCap)
        {
            _random = new Random(seed);
            _chunkCount = chunkCount;
            _lineCap = lineCap;
            _model = new State[chunkCount << Geometry.BlocksPerChunkShift];
            _counts[(int)State.Free] = (chunkCount - FirstUsable) << Geometry.BlocksPerChunkShift;
            _token = new long[_model.Length];
            _uses = new ChunkUse[chunkCount];
            _medium = new HostSpaceMedium(chunkCount);
            _space = Open();
            _openToken = _space.SealPending() + 1;
        }

        public void Go(int steps)
        {
            for (var step = 0; step < steps; step++)
            {
                switch (_random.Next(100))
                {
                    case < 45:
                        Reserve();
                        break;
                    case < 70:
                        TakeOne();
                        break;
                    case < 76:
                        ReturnOne();
                        break;
                    case < 90:
                        FreeOne();
                        break;
                    case < 93:
                        _sealed = _space.SealPending();
                        Assert.Equal(_openToken, _sealed);
                        _openToken++;
                        break;
                    case < 96:
                        Release();
                        break;
                    case < 97:
                        TakeNodes();
                        break;
                    case < 98:
                        GiveBackNodes();
                        break;
                    case < 99:
                        Fold();
                        break;
                    default:
                        if (_random.Next(20) == 0)
                        {
                            Reopen();
                        }

                        break;
                }

                Assert.Equal(Count(State.Free), _space.FreeBlocks);
            }

            Assert.Equal(Count(State.Pending), _space.PendingBlocks);
            Fill();
            Fold();
        }

        private SpaceAllocator Open() => new(_chunkCount, FirstUsable, Count(State.Free), _lines, _medium, _lineCap);

        private long Count(State state) => _counts[(int)state];

        private void Become(long block, State state)
        {
            _counts[(int)_model[block]]--;
            _counts[(int)state]++;
            _model[block] = state;
        }

        private void Set(BlockExtent blocks, State from, State to)
        {
            for (var block = blocks.Start.Value; block < blocks.End.Value; block++)
            {
                Assert.True(_model[block] == from, $"block {block} is {_model[block]}, expected {from} before {to}");
                Assert.Equal(ChunkUse.Data, _uses[block >> Geometry.BlocksPerChunkShift]);
                Become(block, to);
                _token[block] = to == State.Pending ? _openToken : 0;
            }
        }

        private void Reserve()
        {
            var large = _random.Next(3) == 0;
            var goal = _random.Next(2) == 0 && _live.Count > 0 ? _live[_random.Next(_live.Count)].End : BlockAddress.None;
            var request = new SpaceRequest(
                large ? _random.Next(1, 3000) : _random.Next(1, 40), goal,
                _random.Next(2) == 0 ? 0 : _random.Next(512), large ? SpaceShape.Large : SpaceShape.Small);
            var errno = _space.TryReserve(in request, out var extent);
            if (errno == Errno.ENOSPC)
            {
                Assert.Equal(0, Count(State.Free));
                return;
            }

            Assert.Equal(Errno.Success, errno);
            Assert.InRange(extent.BlockCount, 1, request.WantedBlocks);
            Assert.True(extent.Start.Chunk >= FirstUsable && extent.End.Value <= _model.Length);
            Assert.True(_medium.IsReserved(extent.Start.Chunk) && _medium.IsReserved((extent.End + -1).Chunk));
            Set(extent, State.Free, State.Reserved);
            _reserved.Add(extent);
        }

        private static T TakeOut<T>(List<T> list, Random random)
        {
            var index = random.Next(list.Count);
            var item = list[index];
            list[index] = list[^1];
            list.RemoveAt(list.Count - 1);
            return item;
        }

        private void TakeOne()
        {
            if (_reserved.Count == 0)
            {
                return;
            }

            var blocks = TakeOut(_reserved, _random);
            var part = _random.NextInt64(1, blocks.BlockCount + 1);
            var taken = new BlockExtent(blocks.Start, part);
            _space.Take(taken);
            Set(taken, State.Reserved, State.Live);
            _live.Add(taken);
            if (part < blocks.BlockCount)
            {
                _reserved.Add(new BlockExtent(blocks.Start + part, blocks.BlockCount - part));
            }
        }

        private void ReturnOne()
        {
            if (_reserved.Count > 0)
            {
                var blocks = TakeOut(_reserved, _random);
                _space.Return(blocks);
                Set(blocks, State.Reserved, State.Free);
            }
        }

        private void FreeOne()
        {
            if (_live.Count > 0)
            {
                var blocks = TakeOut(_live, _random);
                var part = _random.NextInt64(1, blocks.BlockCount + 1);
                var freed = new BlockExtent(blocks.Start, part);
                _space.Free(freed);
                Set(freed, State.Live, State.Pending);
                if (part < blocks.BlockCount)
                {
                    _live.Add(new BlockExtent(blocks.Start + part, blocks.BlockCount - part));
                }
            }
        }

        private void Release()
        {
            _space.ReleasePending(_sealed);
            for (var block = FirstUsable << Geometry.BlocksPerChunkShift; block < _model.Length; block++)
            {
                if (_model[block] == State.Pending && _token[block] <= _sealed)
                {
                    Become(block, State.Free);
                }
            }
        }

        private void TakeNodes()
        {
            var hasWhole = Enumerable.Range(FirstUsable, _chunkCount - FirstUsable)
                .Any(chunk => _model.AsSpan(chunk << 9, 512).IndexOfAnyExcept(State.Free) < 0);
            var taken = _space.TryTakeChunkForNodes(_random.Next(_chunkCount), out var chunk);
            Assert.Equal(hasWhole, taken);
            if (taken)
            {
                Set(StoredLines.Blocks(chunk, 0, 512), State.Free, State.Live);
                _uses[chunk] = ChunkUse.Nodes;
                _nodeChunks.Add(chunk);
            }
        }

        private void GiveBackNodes()
        {
            if (_nodeChunks.Count > 0)
            {
                var chunk = TakeOut(_nodeChunks, _random);
                _space.GiveBackNodeChunk(chunk);
                _uses[chunk] = ChunkUse.Data;
                Set(StoredLines.Blocks(chunk, 0, 512), State.Live, State.Pending);
            }
        }

        private void Fold()
        {
            _lines.Fold(_space);
            Assert.Equal(0, _space.DirtyLineCount);
            Assert.Equal(Count(State.Free) + Count(State.Reserved) + Count(State.Pending), _space.UntakenBlocks);
            for (var chunk = FirstUsable; chunk < _chunkCount; chunk++)
            {
                var line = _lines[chunk];
                Assert.Equal(_uses[chunk], line.Use);
                for (var index = 0; index < 512; index++)
                {
                    var isLive = (line.Bits[index >> 6] >> (index & 63) & 1) != 0;
                    Assert.Equal(_model[(chunk << 9) + index] == State.Live, isLive);
                }
            }
        }

        /// <summary>As after a crash: what was reserved or pending is free, what a record took is held first.</summary>
        private void Reopen()
        {
            var held = _reserved.ToArray();
            _lines.Fold(_space);
            _space.Dispose();
            for (var block = FirstUsable << Geometry.BlocksPerChunkShift; block < _model.Length; block++)
            {
                Become(block, _model[block] == State.Live ? State.Live : State.Free);
            }

            _reserved.Clear();
            _space = Open();
            _openToken = 1;
            _sealed = 0;
            foreach (var blocks in held)
            {
                _space.ReserveForRecovery(blocks);
            }

            foreach (var blocks in held)
            {
                _space.Take(blocks);
                Set(blocks, State.Free, State.Live);
                _live.Add(blocks);
            }

            _space.EndRecovery();
        }

        /// <summary>Whatever is free can be had to the last block.</summary>
        private void Fill()
        {
            while (Count(State.Free) > 0)
            {
                Reserve();
            }

            Assert.Equal(Errno.ENOSPC, _space.TryReserve(new SpaceRequest(1, default, 0, SpaceShape.Small), out _));
        }
    }
}
