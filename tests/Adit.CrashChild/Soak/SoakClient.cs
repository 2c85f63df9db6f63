using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Adit.Interop;

namespace Adit.CrashChild.Soak;

/// <summary>A client of the soak: changes and reads files of its folder in the mount as fast as it can, one system call after another, and compares all that
/// it sees with its <see cref="SoakJournal"/>. No call may fail in a way that the journal does not foretell, whatever happens to the server meanwhile.
/// It may be killed at any moment; the next one first compares what is there with what the journal says was acknowledged.</summary>
/// <remarks>
/// <para>One thread. Nothing is allocated while it works. Ends when it is told to in the journal, and when its parent is gone.</para>
/// <para>By concern: <c>Names</c>, <c>Data</c>, <c>Attributes</c>, <c>Held</c> (files that stay open), <c>Refused</c> (calls that must fail), <c>Compare</c>,
/// <c>Resume</c> (what a death left), <c>Log</c> (the file that all clients append to).</para>
/// </remarks>
internal sealed unsafe partial class SoakClient
{
    private const int NoiseBytes = 1 << 20;
    private const int BufferBytes = SoakJournal.MaxFileBytes + (64 << 10);
    private const int EndCheckInterval = 1024;

    private readonly SoakJournal _journal;
    private readonly SoakNames _names = new();
    private readonly int _number;
    private readonly byte* _noise = (byte*)NativeMemory.AlignedAlloc(NoiseBytes, 4096);
    private readonly byte* _buffer = (byte*)NativeMemory.AlignedAlloc(BufferBytes, 4096);
    private readonly Action[] _operations = new Action[SoakCounters.MaxOperations];
    private readonly byte[] _mix;
    private ulong _random;
    private SoakOperation _current;

    private SoakClient(SoakJournal journal, int number, int seed)
    {
        _journal = journal;
        _number = number;
        _random = ((ulong)(uint)seed << 20) + 0x9E37_79B9_7F4A_7C15;

        // The noise is the client's, whichever process it is: the journal refers to it.
        new Random(number + 1).NextBytes(new Span<byte>(_noise, NoiseBytes));
        List<byte> mix = [];
        void Add(SoakOperation operation, int weight, Action action)
        {
            _operations[(int)operation] = action;
            mix.AddRange(Enumerable.Repeat((byte)operation, weight));
        }

        Add(SoakOperation.Stat, 130, StatSlot);
        Add(SoakOperation.StatMissing, 80, StatMissing);
        Add(SoakOperation.Open, 80, OpenAndClose);
        Add(SoakOperation.List, 10, List);
        Add(SoakOperation.Read, 60, () => Read(direct: false));
        Add(SoakOperation.ReadDirect, 20, () => Read(direct: true));
        Add(SoakOperation.ReadMapped, 6, ReadMapped);
        Add(SoakOperation.ReadHeld, 100, ReadHeld);
        Add(SoakOperation.ReadLink, 10, ReadLink);
        Add(SoakOperation.Create, 60, Create);
        Add(SoakOperation.Unlink, 45, Unlink);
        Add(SoakOperation.Rename, 40, Rename);
        Add(SoakOperation.Exchange, 8, Exchange);
        Add(SoakOperation.Link, 14, Link);
        Add(SoakOperation.Symlink, 10, Symlink);
        Add(SoakOperation.MakeDirectory, 12, MakeDirectory);
        Add(SoakOperation.RemoveDirectory, 12, RemoveDirectory);
        Add(SoakOperation.Write, 30, () => Write(direct: false));
        Add(SoakOperation.WriteDirect, 12, () => Write(direct: true));
        Add(SoakOperation.WriteMapped, 6, WriteMapped);
        Add(SoakOperation.WriteHeld, 80, WriteHeld);
        Add(SoakOperation.Append, 16, Append);
        Add(SoakOperation.Truncate, 14, Truncate);
        Add(SoakOperation.Allocate, 8, Allocate);
        Add(SoakOperation.Punch, 8, () => Erase(punch: true));
        Add(SoakOperation.Zero, 6, () => Erase(punch: false));
        Add(SoakOperation.CopyRange, 8, CopyRange);
        Add(SoakOperation.Sync, 8, Sync);
        Add(SoakOperation.SetAttribute, 14, SetAttribute);
        Add(SoakOperation.RemoveAttribute, 6, RemoveAttribute);
        Add(SoakOperation.GetAttribute, 14, GetAttribute);
        Add(SoakOperation.ChangeMode, 14, ChangeMode);
        Add(SoakOperation.SetTimes, 14, SetTimes);
        Add(SoakOperation.Lock, 6, Lock);
        Add(SoakOperation.Hold, 14, Hold);
        Add(SoakOperation.LetGo, 10, LetGo);
        Add(SoakOperation.Unnamed, 14, MakeUnnamed);
        Add(SoakOperation.NameUnnamed, 8, NameUnnamed);
        Add(SoakOperation.AppendToLog, 1, AppendToLog);
        Add(SoakOperation.Refused, 30, DoWhatIsRefused);
        Add(SoakOperation.StatFs, 4, StatFs);
        _mix = [.. mix];
    }

    /// <summary>Runs until it is told to end.</summary>
    /// <param name="folder">Its own folder in the mount.</param>
    /// <param name="journalPath">Outside the mount.</param>
    /// <param name="logPath">The file in the mount that all clients append to.</param>
    /// <param name="number">Of the client.</param>
    /// <param name="seed">Of this process.</param>
    /// <returns>0 when all was as it should be; else the journal says what was not.</returns>
    public static int Run(string folder, string journalPath, string logPath, int number, int seed)
    {
        using SoakJournal journal = new(journalPath);
        SoakClient client = new(journal, number, seed);
        try
        {
            client.Work(folder, logPath);
            return 0;
        }
        catch (SoakFailureException failure)
        {
            journal.Failure = string.Create(
                CultureInfo.InvariantCulture,
                $"client {number}, seed {seed}, incarnation {journal.Counters.Incarnations}, operation {journal.Counters.OperationCount} ({client._current}): {failure.Message}");
            return 1;
        }
    }

    private void Work(string folder, string logPath)
    {
        ref SoakCounters counters = ref _journal.Counters;
        Check(SystemCall.ChangeDirectory((byte*)SoakNames.Make(folder)), "chdir into the client's folder");
        OpenLog(logPath);
        Resume();
        CompareAll();
        counters.Incarnations++;
        Volatile.Write(ref counters.IsReady, 1);
        long parent = SystemCall.ParentProcess();
        long before = Stopwatch.GetTimestamp();
        for (int turn = 1; Volatile.Read(ref counters.IsToStop) == 0; turn++)
        {
            _current = (SoakOperation)_mix[Next(_mix.Length)];
            _operations[(int)_current]();
            long now = Stopwatch.GetTimestamp();
            counters.LongestNs = Math.Max(counters.LongestNs, now - before);
            before = now;
            counters.Operations[(int)_current]++;
            counters.OperationCount++;
            if (turn % EndCheckInterval == 0 && SystemCall.ParentProcess() != parent)
            {
                return;
            }
        }

        CompareAll();
        while (_heldCount > 0)
        {
            LetGoOf(0);
        }
    }

    /// <summary>A number below <paramref name="bound"/>.</summary>
    private int Next(int bound)
    {
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        return (int)((_random >> 33) % (uint)bound);
    }

    private bool OneIn(int count) => Next(count) == 0;

    /// <summary>A slot of a kind, searched from a random one on; -1 if there is none.</summary>
    private int FindSlot(Func<long, bool> isWanted)
    {
        int start = Next(SoakJournal.SlotCount);
        for (int step = 0; step < SoakJournal.SlotCount; step++)
        {
            int slot = (start + step) % SoakJournal.SlotCount;
            if (isWanted(_journal.Slots[slot]))
            {
                return slot;
            }
        }

        return -1;
    }

    private int FindFile() => FindSlot(SoakSlot.IsFile);

    private int FindNothing() => FindSlot(static slot => slot == SoakSlot.Nothing);

    private int FindDirectory() => FindSlot(static slot => slot == SoakSlot.Directory);

    private int FindLink() => FindSlot(SoakSlot.IsLink);

    /// <summary>A change is about to be asked for.</summary>
    private ref SoakIntent Begin(int file = -1, int slot = -1, long newValue = 0, int secondSlot = -1, long newSecond = 0)
    {
        ref SoakIntent intent = ref _journal.Intent;
        intent = new SoakIntent
        {
            Operation = _current,
            File = file,
            SourceFile = -1,
            Noise = -2,
            FirstSlot = slot,
            FirstOld = slot < 0 ? 0 : _journal.Slots[slot],
            FirstNew = newValue,
            SecondSlot = secondSlot,
            SecondOld = secondSlot < 0 ? 0 : _journal.Slots[secondSlot],
            SecondNew = newSecond,
        };
        return ref intent;
    }

    private void Ask() => Volatile.Write(ref _journal.Intent.State, (int)SoakIntentState.Pending);

    /// <summary>The change was acknowledged.</summary>
    private void Acknowledge()
    {
        Volatile.Write(ref _journal.Intent.State, (int)SoakIntentState.Acknowledged);
        Apply();
        Volatile.Write(ref _journal.Intent.State, (int)SoakIntentState.None);
    }

    /// <summary>Changes the model as the intent says. Can be done twice.</summary>
    private void Apply()
    {
        ref SoakIntent intent = ref _journal.Intent;
        if (intent.FirstSlot >= 0)
        {
            _journal.Slots[intent.FirstSlot] = intent.FirstNew;
        }

        if (intent.SecondSlot >= 0)
        {
            _journal.Slots[intent.SecondSlot] = intent.SecondNew;
        }

        if (intent.File >= 0)
        {
            ApplyToFile(intent);
        }

        DropUnreachable(SoakSlot.IsFile(intent.FirstOld) ? SoakSlot.Value(intent.FirstOld) : -1);
        DropUnreachable(SoakSlot.IsFile(intent.SecondOld) ? SoakSlot.Value(intent.SecondOld) : -1);
    }

    private void DropUnreachable(int file)
    {
        if (file >= 0 && !IsHeld(file) && _journal.LinkCount(file) == 0)
        {
            _journal.File(file).IsUsed = 0;
        }
    }

    /// <summary>A file of the model that is not in use, with nothing in it; -1 if there is none.</summary>
    private int FindUnusedFile()
    {
        for (int file = 0; file < SoakJournal.FileCount; file++)
        {
            if (_journal.File(file).IsUsed == 0)
            {
                new Span<byte>(_journal.Content(file), (int)_journal.File(file).Length).Clear();
                _journal.File(file) = new SoakFile { Mode = 0x1A4, ModifySeconds = -1 };
                return file;
            }
        }

        return -1;
    }

    private static long Check(long result, string call) => result >= 0 ? result : throw new SoakFailureException($"{call}: {((Errno)(-result)).Message()}");

    private long Check(long result, string call, int slot, [CallerMemberName] string caller = "") =>
        result >= 0 ? result : throw new SoakFailureException($"{caller}: {call} of {Say(slot)}: {((Errno)(-result)).Message()}");

    private static void Expect(long result, Errno errno, string call)
    {
        if (result != -(int)errno)
        {
            throw new SoakFailureException($"{call} gave {(result < 0 ? ((Errno)(-result)).Message() : "no error")}, not {errno.Message()}");
        }
    }

    private string Say(int slot) => slot < 0 ? "no name" : $"d{slot % SoakJournal.FolderCount}/n{slot:00} ({_journal.Slots[slot]:x})";
}
