using System.Runtime.InteropServices;
using Adit.Interop;

namespace Adit.Fuse.Tests.Clients;

/// <summary>Two files of a mount under random reads, writes, stores, cuts, holes and copies by every way that a program has, compared with a
/// model in memory, as fsx does. A run is its seed; the first difference ends it with the last operations.</summary>
internal sealed unsafe class FileExerciser : IDisposable
{
    public const int Difference = 3;
    private const int MaxBytes = 584 * 512;
    private const int Page = 4096;
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int Append = 0x400;
    private const int Direct = 0x4000;
    private readonly Random _random;
    private readonly Target[] _targets;
    private readonly Queue<string> _last = [];
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc(MaxBytes + Page, Page);
    private int _lie;
    private int _turn;

    /// <param name="path">Of the first file; the second is beside it.</param>
    /// <param name="lie">The first write or store from this turn on is in the model only; -1: all are made.</param>
    public FileExerciser(string path, int seed, int lie)
    {
        _random = new Random(seed);
        _lie = lie;
        _targets = [new Target(path), new Target(path + "2")];
    }

    public static int Run(string path, int seed, int turns, int lie)
    {
        using FileExerciser exerciser = new(path, seed, lie);
        try
        {
            for (int turn = 0; turn < turns; turn++)
            {
                exerciser._turn = turn;
                exerciser.Take();
            }

            exerciser.Leave();
            return 0;
        }
        catch (DifferenceException difference)
        {
            Console.Error.WriteLine($"seed {seed}, turn {exerciser._turn}: {difference.Message}\nafter\n{string.Join('\n', exerciser._last)}");
            return Difference;
        }
    }

    public void Dispose()
    {
        Array.ForEach(_targets, target => target.Close());
        NativeMemory.AlignedFree(_buffer);
    }

    private void Take()
    {
        Target t = _targets[_random.Next(2)];
        int offset = _random.Next(MaxBytes);
        int length = 1 + _random.Next(Math.Min(MaxBytes - offset, _random.Next(8) == 0 ? 140_000 : 9000));
        switch (_random.Next(24))
        {
            case 0 or 1 or 2:
                Write(t, offset, length, t.File, "write");
                break;
            case 3:
                // What a sector-sized medium would take as well.
                Write(t, offset & ~511, Math.Min((length + 511) & ~511, MaxBytes - (offset & ~511)), t.Unbuffered, "direct write");
                break;
            case 4:
                Write(t, offset, length, t.Unbuffered, "unaligned direct write");
                break;
            case 5 when t.Size + length <= MaxBytes:
                Write(t, t.Size, length, t.Appending, "append");
                break;
            case 6 or 7 or 8 when t.Size > 0:
                Store(t, offset % t.Size, length);
                break;
            case 9 or 10:
                Say(t, $"truncate {offset}");
                Must(Kernel.Truncate(t.File, offset), 0);
                t.Resize(offset);
                break;
            case 11 or 12:
                Allocate(t, 3, "punch", offset, length);
                break;
            case 13:
                Allocate(t, 0x10 | _random.Next(2), "zero", offset, length);
                break;
            case 14:
                Allocate(t, _random.Next(2), "allocate", offset, length);
                break;
            case 15 or 16:
                Copy(t, _targets[_random.Next(2)], offset, _random.Next(MaxBytes), length);
                break;
            case 17:
                Settle(t);
                break;
            case 18:
                t.Close();
                t.Open();
                Say(t, "closed and opened");
                break;
            default:
                break;
        }

        Look(_targets[_random.Next(2)]);
    }

    private void Write(Target t, int offset, int length, long file, string how)
    {
        Say(t, $"{how} {length} at {offset}");
        Fill(length);
        if (!Lies())
        {
            Must(Kernel.Call(18, (nint)file, (nint)_buffer, length, offset), length);
        }

        t.Put(offset, new ReadOnlySpan<byte>(_buffer, length));
    }

    /// <summary>Stores through the mapping, which lasts; the kernel may write it back when it likes, or is told to.</summary>
    private void Store(Target t, int offset, int length)
    {
        length = Math.Min(length, t.Size - offset);
        bool syncs = _random.Next(2) == 0;
        Say(t, $"store {length} at {offset}{(syncs ? ", msync" : "")}");
        Fill(length);
        if (!Lies())
        {
            new ReadOnlySpan<byte>(_buffer, length).CopyTo(new Span<byte>(t.Map + offset, length));
        }

        t.Put(offset, new ReadOnlySpan<byte>(_buffer, length));
        if (syncs)
        {
            Must(Kernel.Sync((long)t.Map, MaxBytes), 0);
        }
    }

    private void Allocate(Target t, int mode, string how, int offset, int length)
    {
        Say(t, $"{how} {mode:x} {length} at {offset}");
        Must(Kernel.Call(285, (nint)t.File, mode, offset, length), 0);
        if ((mode & 1) == 0 && offset + length > t.Size)
        {
            t.Resize(offset + length);
        }

        if (mode > 1)
        {
            t.Model.AsSpan(offset, length).Clear();
        }
    }

    private void Copy(Target from, Target to, int offset, int toOffset, int length)
    {
        length = Math.Min(Math.Min(length, from.Size - offset), MaxBytes - toOffset);
        if (length <= 0 || (from == to && Math.Abs(offset - toOffset) < length))
        {
            return;
        }

        Say(to, $"copy {length} at {toOffset} from {(from == to ? "itself" : "the other")} at {offset}");
        for (int done = 0; done < length;)
        {
            long at = offset + done;
            long toAt = toOffset + done;
            long copied = Kernel.Call(326, (nint)from.File, (nint)(&at), (nint)to.File, (nint)(&toAt), length - done, 0);
            if (copied <= 0)
            {
                throw new DifferenceException($"copied {copied} of {length - done}");
            }

            done += (int)copied;
        }

        byte[] bytes = from.Model.AsSpan(offset, length).ToArray();
        to.Put(toOffset, bytes);
    }

    private void Settle(Target t)
    {
        int how = _random.Next(4);
        Say(t, how switch { 0 => "fsync", 1 => "fdatasync", 2 => "drop the cache", _ => "msync without waiting" });
        Must(how switch
        {
            0 => Kernel.Call(74, (nint)t.File),
            1 => Kernel.Call(75, (nint)t.File),
            2 => Kernel.Call(221, (nint)t.File, 0, 0, 4),
            _ => Kernel.Call(26, (nint)t.Map, MaxBytes, 1),
        }, 0);
    }

    /// <summary>One look at a file, by one of the ways.</summary>
    private void Look(Target t)
    {
        int way = _random.Next(_turn % 32 == 0 ? 3 : 8);
        int offset = way < 3 || t.Size == 0 ? 0 : _random.Next(t.Size);
        int length = way < 3 ? t.Size : Math.Min(_random.Next(1, 20_000), t.Size - offset);
        long found = Kernel.Call(8, (nint)t.File, 0, 2);
        if (found != t.Size)
        {
            throw new DifferenceException($"{t.Name}: {found} bytes long instead of {t.Size}");
        }

        switch (way)
        {
            case 0 or 3 or 4:
                LookByReading(t, t.File, offset, length, "read");
                break;
            case 1 or 5:
                LookByReading(t, t.Unbuffered, offset, length, "direct read");
                break;
            case 2 or 6:
                Same(t, offset, new ReadOnlySpan<byte>(t.Map + offset, length), "mapped");
                ReadOnlySpan<byte> behind = new(t.Map + t.Size, (Page - (t.Size % Page)) % Page);
                if (behind.ContainsAnyExcept((byte)0))
                {
                    throw new DifferenceException($"{t.Name}: not zero behind its end at {t.Size + behind.IndexOfAnyExcept((byte)0)}");
                }

                break;
            default:
                LookForHoles(t, offset);
                break;
        }
    }

    private void LookByReading(Target t, long file, int offset, int length, string how)
    {
        // Also for what is behind the end.
        int asked = Math.Min(length + _random.Next(2), MaxBytes - offset);
        Must(Kernel.Call(17, (nint)file, (nint)_buffer, asked, offset), Math.Min(asked, t.Size - offset));
        Same(t, offset, new ReadOnlySpan<byte>(_buffer, length), how);
    }

    /// <summary>What is said to be a hole reads as zeros. The kernel asks a FUSE server for holes without writing back what was stored in mappings.</summary>
    private static void LookForHoles(Target t, int offset)
    {
        if (t.Size == 0)
        {
            return;
        }

        Must(Kernel.Sync((long)t.Map, MaxBytes), 0);
        long data = Kernel.Call(8, (nint)t.File, offset, 3);
        int end = data == -(int)Errno.ENXIO ? t.Size : (int)data;
        if (end < offset || end > t.Size || t.Model.AsSpan(offset, end - offset).ContainsAnyExcept((byte)0))
        {
            throw new DifferenceException($"{t.Name}: said to be a hole from {offset} to {end} ({data})");
        }

        long hole = Kernel.Call(8, (nint)t.File, offset, 4);
        if (hole < offset || hole > t.Size)
        {
            throw new DifferenceException($"{t.Name}: next hole of {offset} at {hole}");
        }
    }

    /// <summary>Leaves the models beside what they are of, for a comparison by others.</summary>
    private void Leave()
    {
        foreach (Target t in _targets)
        {
            LookByReading(t, t.File, 0, t.Size, "last read");
            File.WriteAllBytes(t.Name + ".model", t.Model.AsSpan(0, t.Size));
        }
    }

    private bool Lies()
    {
        bool lies = _lie >= 0 && _turn >= _lie;
        _lie = lies ? -1 : _lie;
        return lies;
    }

    private static void Same(Target t, int offset, ReadOnlySpan<byte> found, string how)
    {
        int equal = found.CommonPrefixLength(t.Model.AsSpan(offset, found.Length));
        if (equal != found.Length)
        {
            throw new DifferenceException($"{t.Name}, {how} of {found.Length} at {offset}: {found[equal]:x2} instead of {t.Model[offset + equal]:x2} at {offset + equal} of {t.Size}");
        }
    }

    private void Fill(int length)
    {
        Span<byte> bytes = new(_buffer, length);
        _random.NextBytes(bytes);
    }

    private void Say(Target t, string what)
    {
        _last.Enqueue($"  {_turn}: {t.Name} ({t.Size}): {what}");
        if (_last.Count > 25)
        {
            _last.Dequeue();
        }
    }

    private static void Must(long result, long wanted)
    {
        if (result != wanted)
        {
            throw new DifferenceException($"result {result} instead of {wanted}");
        }
    }

    private sealed class DifferenceException(string message) : Exception(message);

    /// <summary>A file, what it must hold, and the ways to it.</summary>
    private sealed class Target
    {
        private readonly string _path;

        public Target(string path)
        {
            _path = path;
            Open();
        }

        public string Name => _path;

        public byte[] Model { get; } = new byte[MaxBytes];

        public int Size { get; private set; }

        public long File { get; private set; }

        public long Unbuffered { get; private set; }

        public long Appending { get; private set; }

        public byte* Map { get; private set; }

        public void Open()
        {
            File = Opened(ReadWrite | Create);
            Unbuffered = Opened(ReadWrite | Direct);
            Appending = Opened(ReadWrite | Append);
            long address = Kernel.Map(File, MaxBytes, isShared: true);
            Map = address is < 0 and > -4096 ? throw new DifferenceException($"mmap {address}") : (byte*)address;
        }

        public void Close()
        {
            Kernel.Unmap((long)Map, MaxBytes);
            Kernel.Close(File);
            Kernel.Close(Unbuffered);
            Kernel.Close(Appending);
        }

        public void Put(int offset, ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(Model.AsSpan(offset));
            Size = Math.Max(Size, offset + bytes.Length);
        }

        public void Resize(int size)
        {
            if (size < Size)
            {
                Model.AsSpan(size, Size - size).Clear();
            }

            Size = size;
        }

        private long Opened(int flags)
        {
            long fd = Kernel.Open(_path, flags, 0x1A4);
            return fd >= 0 ? fd : throw new DifferenceException($"open {_path} {flags:x}: {fd}");
        }
    }
}
