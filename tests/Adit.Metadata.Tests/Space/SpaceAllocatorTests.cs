using Adit.Format;
using Adit.Interop;
using Adit.Metadata.Space;

namespace Adit.Metadata.Tests.Space;

/// <summary>Each rule of the allocator on its own.</summary>
public sealed class SpaceAllocatorTests
{
    private const int Chunks = 16;
    private readonly StoredLines _lines = new();

    private SpaceAllocator Open(int chunkCount = Chunks, HostSpaceMedium? medium = null, int lineCap = 100) => new(
        chunkCount, 1, _lines.FreeBlocks(1, chunkCount), _lines, medium ?? new HostSpaceMedium(chunkCount), lineCap);

    private static BlockExtent Reserve(SpaceAllocator space, long wanted, SpaceShape shape, BlockAddress goal = default, int phase = 0)
    {
        Assert.Equal(Errno.Success, space.TryReserve(new SpaceRequest(wanted, goal, phase, shape), out var extent));
        return extent;
    }

    private static BlockExtent Small(SpaceAllocator space, long wanted, BlockAddress goal = default) =>
        Reserve(space, wanted, SpaceShape.Small, goal);

    private static BlockExtent Large(SpaceAllocator space, long wanted, BlockAddress goal = default, int phase = 0) =>
        Reserve(space, wanted, SpaceShape.Large, goal, phase);

    [Fact]
    public void Opening_reads_no_line()
    {
        using var space = Open(1 << 20);
        Assert.Equal(0, _lines.Reads);
        Small(space, 1);
        Assert.InRange(_lines.Reads, 1, 100);
    }

    [Fact]
    public void Large_need_gets_consecutive_whole_chunks()
    {
        _lines[2] = StoredLines.Taken((5, 1));
        using var space = Open();

        Assert.Equal(StoredLines.Blocks(3, 0, 4 * 512), Large(space, 4 * 512));
    }

    [Fact]
    public void Large_need_in_the_middle_of_a_file_chunk_keeps_its_phase()
    {
        using var space = Open();

        Assert.Equal(StoredLines.Blocks(1, 100, 412), Large(space, 412, phase: 100));
    }

    [Fact]
    public void Large_need_goes_on_at_its_goal()
    {
        using var space = Open();
        var first = Large(space, 512);
        Large(space, 512);
        space.Return(new BlockExtent(first.End, 512));

        Assert.Equal(new BlockExtent(first.End, 512), Large(space, 512, first.End));
    }

    [Fact]
    public void Large_need_at_a_chunk_boundary_leaves_a_broken_goal()
    {
        _lines[2] = StoredLines.Taken((500, 1));
        using var space = Open();

        Assert.Equal(StoredLines.Blocks(1, 0, 512), Large(space, 512, BlockAddress.OfChunk(2)));
    }

    [Fact]
    public void Large_need_out_of_phase_is_in_phase_again_at_the_next_file_chunk()
    {
        _lines[3] = StoredLines.Taken((0, 10));
        using var space = Open();

        // File block 500 would lie at index 10.
        Assert.Equal(StoredLines.Blocks(3, 10, 12), Large(space, 300, BlockAddress.OfChunk(3, 10), phase: 500));
        Assert.Equal(0, Large(space, 300, BlockAddress.OfChunk(3, 22), phase: 0).Start.IndexInChunk);
    }

    [Fact]
    public void Large_need_leaves_a_short_tail_to_be_asked_for_as_small()
    {
        using var space = Open();

        Assert.Equal(1024, Large(space, 1024 + 255).BlockCount);
        Assert.Equal(1024 + 256, Large(space, 1024 + 256).BlockCount);
    }

    [Fact]
    public void Large_need_without_whole_chunks_gets_the_longest_run()
    {
        for (var chunk = 1; chunk < Chunks; chunk++)
        {
            _lines[chunk] = StoredLines.Taken((0, 200), (300, 212));
        }

        _lines[7] = StoredLines.Taken((0, 100), (400, 112));
        using var space = Open();

        Assert.Equal(StoredLines.Blocks(7, 100, 300), Large(space, 512));
    }

    [Fact]
    public void Small_need_gets_the_tightest_run_of_the_fullest_chunk()
    {
        _lines[2] = StoredLines.Taken((0, 256));
        _lines[3] = StoredLines.Taken((0, 480), (488, 16));
        using var space = Open();
        Small(space, 1);

        // Chunk 3 has runs 480..487 and 504..511, the first of which the scan has found and begun to use.
        Assert.Equal(3, Small(space, 7).Start.Chunk);
        Assert.Equal(3, Small(space, 8).Start.Chunk);
        Assert.Equal(2, Small(space, 8).Start.Chunk);
    }

    [Fact]
    public void Small_need_does_not_break_a_whole_chunk_while_a_run_fits()
    {
        _lines[9] = StoredLines.Taken((0, 100));
        using var space = Open();
        var whole = Summarize(space).WholeChunks;

        for (var used = 0; used < 412; used += 4)
        {
            Assert.Equal(9, Small(space, 4).Start.Chunk);
        }

        Assert.Equal(whole, Summarize(space).WholeChunks);
    }

    [Fact]
    public void Small_need_is_served_in_pieces_while_much_of_the_broken_chunks_is_free()
    {
        for (var chunk = 1; chunk <= 8; chunk++)
        {
            // Runs of 8 free blocks: half of each chunk.
            _lines[chunk] = StoredLines.Taken([.. Enumerable.Range(0, 32).Select(run => (run * 16, 8))]);
        }

        using var space = Open();
        var whole = Summarize(space).WholeChunks;

        Assert.Equal(8, Small(space, 32).BlockCount);
        Assert.Equal(whole, Summarize(space).WholeChunks);
    }

    [Fact]
    public void Small_need_breaks_a_whole_chunk_when_the_broken_ones_are_nearly_full()
    {
        for (var chunk = 1; chunk <= 8; chunk++)
        {
            _lines[chunk] = StoredLines.Taken((0, 511));
        }

        using var space = Open();

        Assert.Equal(StoredLines.Blocks(9, 0, 16), Small(space, 16));
    }

    [Fact]
    public void Small_need_goes_on_at_its_goal()
    {
        using var space = Open();
        var first = Small(space, 4);

        Assert.Equal(new BlockExtent(first.End, 9), Small(space, 9, first.End));
    }

    [Fact]
    public void Files_that_grow_side_by_side_by_single_blocks_do_not_end_in_single_blocks()
    {
        using var space = Open();
        const int files = 8;
        const int blocks = 200;
        var ends = new BlockAddress[files];
        var extents = new int[files];
        for (var block = 0; block < blocks; block++)
        {
            for (var file = 0; file < files; file++)
            {
                var got = Small(space, 1, ends[file]);
                extents[file] += got.Start == ends[file] ? 0 : 1;
                ends[file] = got.End;
            }
        }

        Assert.All(extents, count => Assert.InRange(count, 1, 16));
    }

    [Fact]
    public void Every_block_can_be_had_before_there_is_no_space()
    {
        using var space = Open();
        long got = 0;
        var random = new Random(3);
        while (space.TryReserve(
            new SpaceRequest(random.Next(1, 700), default, random.Next(512), (SpaceShape)random.Next(2)), out var extent) == Errno.Success)
        {
            got += extent.BlockCount;
        }

        Assert.Equal((Chunks - 1) * 512, got);
        Assert.Equal(0, space.FreeBlocks);
    }

    [Fact]
    public void Freed_blocks_are_not_given_out_before_their_token_is_released()
    {
        using var space = Open(2);
        var all = Large(space, 512);
        space.Take(all);
        space.Free(new BlockExtent(all.Start, 10));
        var first = space.SealPending();
        space.Free(new BlockExtent(all.Start + 20, 5));
        var second = space.SealPending();

        Assert.Equal(Errno.ENOSPC, space.TryReserve(new SpaceRequest(1, default, 0, SpaceShape.Small), out _));
        Assert.Equal(15, space.PendingBlocks);
        Assert.Equal(15, space.UntakenBlocks);
        space.ReleasePending(first);
        Assert.Equal(new BlockExtent(all.Start, 10), Small(space, 512));
        Assert.Equal(Errno.ENOSPC, space.TryReserve(new SpaceRequest(1, default, 0, SpaceShape.Small), out _));
        space.ReleasePending(second);
        Assert.Equal(new BlockExtent(all.Start + 20, 5), Small(space, 512));
    }

    [Fact]
    public void Recovery_holds_what_later_records_take_even_when_earlier_ones_free_it()
    {
        var blocks = StoredLines.Blocks(4, 0, 512);
        _lines[4] = new SpaceLine(ChunkUse.Data, ChunkBits.All);
        using var space = Open();
        space.ReserveForRecovery(blocks);
        space.Free(blocks);
        space.ReleasePending(space.SealPending());

        for (var taken = 1; taken < Chunks - 1; taken++)
        {
            Assert.True(space.TryTakeChunkForNodes(4, out var chunk));
            Assert.NotEqual(4, chunk);
        }

        Assert.False(space.TryTakeChunkForNodes(4, out _));
        space.Take(blocks);
        space.EndRecovery();
        Assert.Equal(0, space.FreeBlocks);
        Assert.Equal(0, space.PendingBlocks);
    }

    [Fact]
    public void Node_chunk_given_back_is_usable_once_its_token_is_released()
    {
        using var space = Open(2);
        Assert.True(space.TryTakeChunkForNodes(0, out var chunk));
        Assert.Equal(1, chunk);
        Assert.Equal(0, space.UntakenBlocks);
        _lines.Fold(space);
        Assert.Equal(new SpaceLine(ChunkUse.Nodes, ChunkBits.All), _lines[1]);

        space.GiveBackNodeChunk(chunk);
        Assert.Equal(Errno.ENOSPC, space.TryReserve(new SpaceRequest(1, default, 0, SpaceShape.Small), out _));
        space.ReleasePending(space.SealPending());
        Assert.Equal(512, Large(space, 512).BlockCount);
        _lines.Fold(space);
        Assert.Equal(default, _lines[1]);
    }

    [Fact]
    public void Collected_lines_hold_live_blocks_only()
    {
        using var space = Open();
        var taken = Small(space, 4);
        Small(space, 10);
        space.Take(taken);

        Assert.Equal(1, _lines.Fold(space));
        Assert.Equal(StoredLines.Taken((taken.Start.IndexInChunk, 4)), _lines[taken.Start.Chunk]);
        Assert.Equal(0, _lines.Fold(space));
    }

    [Fact]
    public void Lines_beyond_the_cap_are_dropped_and_read_again()
    {
        using var space = Open(1025, lineCap: 16);
        for (var chunk = 1; chunk <= 1024; chunk++)
        {
            space.Take(StoredLines.Blocks(chunk, 0, 100));
            _lines.Fold(space);
        }

        Assert.InRange(Summarize(space).LoadedLines, 1, 32);
        for (var chunk = 1; chunk <= 1024; chunk++)
        {
            space.Free(StoredLines.Blocks(chunk, 50, 50));
        }

        space.ReleasePending(space.SealPending());
        Assert.Equal(1024 * (512 - 50), space.FreeBlocks);
        Assert.Equal(1024 * (512 - 50), Summarize(space).BrokenFreeBlocks);
    }

    [Fact]
    public void Host_space_is_reserved_before_blocks_are_given_out()
    {
        var medium = new HostSpaceMedium(Chunks, hostChunks: 2);
        using var space = Open(medium: medium);
        Assert.True(medium.IsReserved(Large(space, 512).Start.Chunk));
        var small = Small(space, 100);
        Assert.True(medium.IsReserved(small.Start.Chunk));

        // The host is full: fresh chunks are out of reach, what is left of the second is not.
        Assert.Equal(412, Large(space, 512).BlockCount);
        Assert.Equal(Errno.ENOSPC, space.TryReserve(new SpaceRequest(1, default, 0, SpaceShape.Small), out _));
        medium.HostChunks = 3;
        Assert.Equal(512, Large(space, 5 * 512).BlockCount);
    }

    [Fact]
    public void Line_that_cannot_be_read_fails_once_and_its_chunk_is_avoided()
    {
        _lines.Damaged = 2;
        using var space = Open(4);

        Assert.Throws<IOException>(() => Small(space, 1));
        Assert.Equal(1, Small(space, 1).Start.Chunk);
        Assert.Equal(3, Large(space, 512).Start.Chunk);
        Assert.Throws<InvalidOperationException>(() => space.Free(StoredLines.Blocks(2, 0, 1)));
    }

    [Fact]
    public void Defects_of_the_caller_are_refused()
    {
        using var space = Open();
        var blocks = Small(space, 8);
        Assert.Throws<InvalidOperationException>(() => space.Free(blocks));
        space.Take(blocks);
        Assert.Throws<InvalidOperationException>(() => space.Take(blocks));
        Assert.Throws<InvalidOperationException>(() => space.Return(blocks));
        Assert.Throws<InvalidOperationException>(() => space.Take(StoredLines.Blocks(0, 0, 1)));
        Assert.Throws<InvalidOperationException>(() => space.Take(StoredLines.Blocks(Chunks, 0, 1)));
        Assert.Throws<InvalidOperationException>(() => space.GiveBackNodeChunk(3));
    }

    [Fact]
    public void Emptying_takes_the_emptiest_chunk_and_keeps_others_out()
    {
        for (var chunk = 1; chunk < Chunks; chunk++)
        {
            _lines[chunk] = StoredLines.Taken((0, 300));
        }

        _lines[6] = StoredLines.Taken((40, 60), (200, 3));
        using var space = Open();
        Assert.False(space.IsEmptyingDue);
        Small(space, 1);
        Assert.True(space.IsEmptyingDue);

        Assert.True(space.TryBeginEmptying(out var emptied, out var live));
        Assert.Equal(6, emptied);
        foreach (var old in new[] { StoredLines.Blocks(6, 40, 60), StoredLines.Blocks(6, 200, 3) })
        {
            var moved = Small(space, old.BlockCount);
            Assert.NotEqual(6, moved.Start.Chunk);
            space.Take(moved);
            space.Free(old);
        }

        space.EndEmptying(emptied, in live);
        space.ReleasePending(space.SealPending());
        Assert.Equal(StoredLines.Blocks(6, 0, 512), Large(space, 512));
    }

    [Fact]
    public void Append_path_allocates_nothing()
    {
        using var space = Open();
        var goal = Small(space, 1).End;
        const int rounds = 100_000;
        long before = 0;
        for (var round = -5_000; round < rounds; round++)
        {
            if (round == 0)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            if (goal.IndexInChunk > 500)
            {
                goal = BlockAddress.OfChunk(goal.Chunk, 1);
            }

            _ = space.TryReserve(new SpaceRequest(1, goal, 0, SpaceShape.Small), out var blocks);
            space.Take(blocks);
            space.Free(blocks);
            space.ReleasePending(space.SealPending());
            goal = blocks.End;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static SpaceSummary Summarize(SpaceAllocator space)
    {
        // Makes every chunk known.
        while (space.Summarize().UnscannedChunks > 0)
        {
            Assert.Equal(Errno.Success, space.TryReserve(new SpaceRequest(512, default, 0, SpaceShape.Large), out var all));
            space.Return(all);
            if (space.Summarize().WholeChunks > 0)
            {
                break;
            }
        }

        return space.Summarize();
    }
}
