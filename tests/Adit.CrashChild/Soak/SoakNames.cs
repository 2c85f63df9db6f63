using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Adit.CrashChild.Soak;

/// <summary>All names that a client uses, made once, each with its zero at the end.</summary>
internal sealed unsafe class SoakNames
{
    public const int MissingCount = 4096;
    public const int TargetCount = 16;

    private readonly nint[] _slots = [.. Enumerable.Range(0, SoakJournal.SlotCount).Select(slot => Make($"d{slot % SoakJournal.FolderCount}/n{slot:00}"))];
    private readonly nint[] _folders = [.. Enumerable.Range(0, SoakJournal.FolderCount).Select(folder => Make($"d{folder}"))];
    private readonly nint[] _missing = [.. Enumerable.Range(0, MissingCount).Select(name => Make($"d{name % SoakJournal.FolderCount}/missing-{name}"))];
    private readonly nint[] _targets = [.. Enumerable.Range(0, TargetCount).Select(target => Make($"nowhere/{new string('t', target * 9)}{target}"))];
    private readonly nint[] _attributes = [.. Enumerable.Range(0, SoakFile.AttributeCount).Select(name => Make($"user.soak-{name}"))];

    public byte* Here { get; } = (byte*)Make(".");

    public byte* Empty { get; } = (byte*)Make("");

    /// <summary>Longer than a name may be.</summary>
    public byte* TooLong { get; } = (byte*)Make($"d0/{new string('n', 256)}");

    public byte* Slot(int slot) => (byte*)_slots[slot];

    public byte* Folder(int folder) => (byte*)_folders[folder];

    public byte* Missing(int name) => (byte*)_missing[name];

    public byte* Target(int target) => (byte*)_targets[target];

    public byte* Attribute(int index) => (byte*)_attributes[index];

    /// <summary>The slot that a name in a folder stands for, or -1.</summary>
    public static int SlotOf(int folder, ReadOnlySpan<byte> name) =>
        name is [(byte)'n', >= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9']
        && ((name[1] - '0') * 10) + name[2] - '0' is var slot and < SoakJournal.SlotCount && slot % SoakJournal.FolderCount == folder
            ? slot
            : -1;

    public static nint Make(FormattableString text) => Make(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>Never given back: as long as the process.</summary>
    public static nint Make(string text)
    {
        int count = Encoding.UTF8.GetByteCount(text);
        byte* bytes = (byte*)NativeMemory.AllocZeroed((nuint)count + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(bytes, count));
        return (nint)bytes;
    }
}
