using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using Adit.Interop;
using Adit.Media.Persistence;
using Adit.TestKit;

namespace Adit.Media.Tests;

public sealed unsafe class PmemMediumTests
{
    private const int Size = 4 << 20;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_writes_leave_what_a_plain_copy_leaves(int seed)
    {
        using TemporaryDirectory directory = new("/dev/shm");
        using Medium medium = Create(directory);
        Random random = new(seed);
        byte[] model = new byte[1 << 16];
        byte[] source = new byte[9000];
        for (int i = 0; i < 5000; i++)
        {
            int length = random.Next(i % 3 == 0 ? 9000 : 200);
            int offset = random.Next(model.Length - length);
            if (i % 5 == 0)
            {
                (offset, length) = (offset & ~7, length & ~7);
            }

            if (i % 4 == 0)
            {
                medium.WriteZeros(offset, length);
                model.AsSpan(offset, length).Clear();
            }
            else
            {
                int from = random.Next(source.Length - length + 1);
                random.NextBytes(source);
                medium.Write(offset, source.AsSpan(from, length));
                source.AsSpan(from, length).CopyTo(model.AsSpan(offset));
            }

            medium.Fence();
            int difference = medium.Span(0, model.Length).CommonPrefixLength(model);
            Assert.True(difference == model.Length, $"seed {seed}, step {i}: byte {difference} is wrong after {length} bytes at {offset}");
        }
    }

    [Fact]
    public void Narrow_and_wide_loops_agree()
    {
        byte[] source = new byte[4096];
        new Random(1).NextBytes(source);
        using MemoryMedium medium = new(1 << 20);
        StreamingStores.CopyLines256(medium.Start, ref source[0], 4096);
        Assert.Equal(source, medium.Span(0, 4096).ToArray());
        if (Avx512F.IsSupported)
        {
            StreamingStores.CopyLines512(medium.Start + 8192, ref source[0], 4096 - 64);
            Assert.Equal(source[..^64], medium.Span(8192, 4096 - 64).ToArray());
            Assert.Equal(new byte[64], medium.Span(8192 + 4096 - 64, 64).ToArray());
        }
    }

    /// <summary>Two threads store to alternate ranges of the same lines, by each way of storing: none may put old bytes
    /// of its neighbour back.</summary>
    [Theory]
    [InlineData(13, false, false)]
    [InlineData(13, false, true)]
    [InlineData(13, true, true)]
    [InlineData(200, false, true)]
    [InlineData(8, true, true)]
    public void Neighbours_in_a_line_do_not_lose_their_stores(int length, bool firstMarks, bool secondMarks)
    {
        const int Ranges = 3;
        const int RunMs = 500;
        using TemporaryDirectory directory = new("/dev/shm");
        using Medium medium = Create(directory);
        int lost = 0;
        using Barrier start = new(2);
        Crowd.Run(2, id =>
        {
            bool marks = id == 0 ? firstMarks : secondMarks;
            Span<byte> bytes = stackalloc byte[length];
            start.SignalAndWait(Crowd.TimeoutMs);
            long started = Stopwatch.GetTimestamp();
            for (int round = 0; round % 64 != 0 || Stopwatch.GetElapsedTime(started).TotalMilliseconds < RunMs; round++)
            {
                int offset = (((round % Ranges) * 2) + id) * length;
                Span<byte> there = new(medium.Start + offset, length);
                if (round >= Ranges && there.IndexOfAnyExcept((byte)(round - Ranges)) >= 0)
                {
                    Interlocked.Increment(ref lost);
                }

                bytes.Fill((byte)round);
                if (!marks)
                {
                    medium.Write(offset, bytes);
                }
                else
                {
                    bytes.CopyTo(there);
                    medium.MarkStored(offset, length);
                }

                if (round % 8 == 0)
                {
                    medium.Fence();
                }
            }
        });
        Assert.Equal(0, lost);
    }

    [Fact]
    public void Own_machine_code_writes_lines_back_and_changes_nothing()
    {
        if (!X86Base.X64.IsSupported)
        {
            Assert.True(CacheLines.Assemble() == null);
            return;
        }

        var writeBack = (delegate* unmanaged[Cdecl]<void*, nuint, void>)CacheLines.Assemble();
        Assert.True(writeBack != null);
        using MemoryMedium medium = new(1 << 20);
        byte[] bytes = new byte[5000];
        new Random(1).NextBytes(bytes);
        medium.Write(100, bytes);
        writeBack(medium.Start + 100, 5000);
        writeBack(medium.Start + 63, 1);
        writeBack(medium.Start, 1 << 20);

        // The loop stops at the range's last line: the page after the medium's is not mapped and would fault.
        writeBack(medium.Start + (1 << 20) - 1, 1);
        Assert.Equal(bytes, medium.Span(100, 5000).ToArray());
    }

    [Fact]
    public void Reserve_takes_room_of_the_host()
    {
        using TemporaryDirectory directory = new("/dev/shm");
        using Medium medium = Create(directory);
        Assert.Equal(Errno.Success, medium.Reserve(2 << 20, 1));
        Assert.Equal(Errno.Success, Interop.Linux.Libc.Stat(directory.File(), out Interop.Linux.StatxBuffer attributes));
        Assert.Equal(4096UL, attributes.stx_blocks);
    }

    [Fact]
    public void Emulation_says_that_it_forgets()
    {
        using TemporaryDirectory directory = new("/dev/shm");
        using Medium medium = Create(directory);
        Assert.True(medium.IsVolatile);
        Assert.True(medium.HasCheapFences);
        Assert.Equal(MediumKind.PmemEmulated, medium.Kind);
    }

    [Fact]
    public void Writing_marking_and_fencing_allocate_nothing()
    {
        using TemporaryDirectory directory = new("/dev/shm");
        using Medium medium = Create(directory);
        byte[] bytes = new byte[5000];
        long allocated = 0;
        for (int i = 0; i < 100; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            medium.Write((i * 8192) + 5, bytes);
            medium.WriteZeros((i * 8192) + 7, 5000);
            medium.MarkStored(i * 8192, 4096);
            medium.Fence();
            medium.Reserve(0, Size);
            allocated = i < 10 ? 0 : allocated + GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    private static Medium Create(TemporaryDirectory directory) =>
        MediumFactory.Create(directory.File(), new MediumOptions { Kind = MediumKind.PmemEmulated, CreateSizeBytes = Size });
}
