using System.Text;
using Adit.Interop;
using Adit.Interop.Linux;

namespace Adit.CrashChild.Soak;

/// <summary>What a client of the soak knows of its folder, in a file that is mapped and lies outside the mount: it outlives the client, whatever the
/// moment of its death. Whoever goes on for it compares.</summary>
/// <remarks>Written by one process at a time. Before a change its <see cref="Intent"/> is noted, after it that it was acknowledged, and then the model is
/// changed: what a death leaves can be told.</remarks>
public sealed unsafe class SoakJournal : IDisposable
{
    public const int SlotCount = 64;
    public const int FileCount = 48;
    public const int FolderCount = 4;
    public const int MaxFileBytes = 256 << 10;

    private const ulong Magic = 0x4B41_4F53_5449_4441;
    private const int FailureOffset = 4096;
    private const int FailureBytes = 8192;
    private const int IntentOffset = FailureOffset + FailureBytes;
    private const int SlotsOffset = IntentOffset + 4096;
    private const int FilesOffset = SlotsOffset + 4096;
    private const int ContentOffset = FilesOffset + 8192;
    private const long LengthBytes = ContentOffset + ((long)FileCount * MaxFileBytes);

    private readonly MemoryMapping _mapping;
    private readonly FileDescriptor _file;

    /// <param name="path">Made when it is not there.</param>
    public SoakJournal(string path)
    {
        const int O_CREAT = 0x40;
        const int O_RDWR = 2;
        _file = Libc.open(path, O_CREAT | O_RDWR | OpenFlags.O_CLOEXEC, 0x180);
        Errno outcome = _file.IsInvalid ? Libc.LastError : Libc.Outcome(Libc.ftruncate(_file, LengthBytes));
        MemoryMapping? mapping = null;
        if (outcome == Errno.Success)
        {
            outcome = MemoryMapping.TryMap(_file.DangerousNumber, LengthBytes, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, out mapping);
        }

        _mapping = mapping ?? throw new IOException($"{path}: {outcome.Message()}");
        Counters.Magic = Magic;
    }

    public ref SoakCounters Counters => ref *(SoakCounters*)_mapping.Start;

    public ref SoakIntent Intent => ref *(SoakIntent*)(_mapping.Start + IntentOffset);

    /// <summary>What each name stands for: a <see cref="SoakSlot"/>.</summary>
    public Span<long> Slots => new(_mapping.Start + SlotsOffset, SlotCount);

    public ref SoakFile File(int index) => ref ((SoakFile*)(_mapping.Start + FilesOffset))[index];

    /// <summary>The bytes of a file; zeros behind its length.</summary>
    public byte* Content(int index) => _mapping.Start + ContentOffset + ((long)index * MaxFileBytes);

    /// <summary>How many names a file has.</summary>
    public int LinkCount(int file)
    {
        int count = 0;
        foreach (long slot in Slots)
        {
            count += slot == SoakSlot.OfFile(file) ? 1 : 0;
        }

        return count;
    }

    /// <summary>The first thing that went wrong, or null. Stored once.</summary>
    public string? Failure
    {
        get
        {
            Span<byte> text = new(_mapping.Start + FailureOffset, FailureBytes);
            int length = text.IndexOf((byte)0);
            return length == 0 ? null : Encoding.UTF8.GetString(text[..length]);
        }

        set
        {
            Span<byte> text = new(_mapping.Start + FailureOffset, FailureBytes - 1);
            if (text[0] == 0)
            {
                Encoding.UTF8.GetEncoder().Convert(value, text, flush: true, out _, out _, out _);
            }
        }
    }

    public void Dispose()
    {
        _mapping.Dispose();
        _file.Dispose();
    }
}
