using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Adit.Fuse.Options;
using Adit.Fuse.Wire;

namespace Adit.Fuse.Succession;

/// <summary>How far the request of a channel has come.</summary>
internal enum RequestState : uint
{
    /// <summary>None is in work.</summary>
    Idle = 0,

    InWork = 1,

    /// <summary>The reply is whole in the reply buffer; whether it was sent only the kernel knows.</summary>
    Answered = 2,
}

/// <summary>What a reader works with, in the session's memory: the request, the reply, and what has been done of the request so far.</summary>
/// <remarks>A server that finds it left by another can tell: <see cref="RequestState.Answered"/>, the reply is sent, which the kernel refuses if it has it;
/// in work with a commit that happened (<see cref="Sequence"/>), the rest of it is done from the request kept here; else it was not done, what
/// it gave away is taken back, and it is done when the kernel asks again.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ChannelArea
{
    /// <summary>Apart from each other by this much, so that each request buffer can be a huge page.</summary>
    public const long SizeBytes = 4 << 20;

    public const int PageBytes = 4096;
    public const int RequestOffset = 2 << 20;
    public const int RequestBytes = MountOptions.MaxTransferBytes + (4 * PageBytes);
    public const int ReplyOffset = 64 << 10;
    public const int ReplyBytes = MountOptions.MaxTransferBytes + (2 * PageBytes);

    /// <summary>The smallest entry with attributes of a listing takes 160 bytes.</summary>
    public const int MaxGiven = (ReplyBytes / 160) + 1;

    private const int GivenOffset = 4096;

    /// <summary>Of the request, without <see cref="InHeader.ResendBit"/>. Stored when it is in work: what lies in the request buffer and has another number
    /// was read and not begun.</summary>
    public ulong Unique;

    private uint _state;

    public Opcode Opcode;

    /// <summary>The record of the commit by which the request counts as done; 0: none yet, or its kind can be done twice.</summary>
    public ulong Sequence;

    /// <summary>See <see cref="Metadata.Transactions.ICommitWitness"/>.</summary>
    public ulong NextInode;

    /// <summary>The handle that it gives, or 0. Stored before the handle becomes valid.</summary>
    public ulong Handle;

    /// <summary>Where an append began.</summary>
    public long AppendOffset;

    /// <summary>How many lookups it has counted, in <see cref="Given"/>. Changes together with the count itself: <see cref="CountingPlace"/>.</summary>
    public int GivenCount;

    /// <summary>Of the reply, without its header.</summary>
    public int BodyBytes;

    /// <summary>Of the reply: an errno.</summary>
    public int Error;

    /// <summary>How many nodes of a request to forget were given back. Changes together with the count.</summary>
    public int ForgottenCount;

    /// <summary>The next commit of the thread is the one by which the request counts as done.</summary>
    public uint IsArmed;

    /// <summary>Requests that were begun here, by all servers; those among them that the kernel sent again. Not used by versions that know none of them: they
    /// lie behind all else.</summary>
    public long BegunCount;
    public long RepeatedCount;

    /// <summary>The place in the memory, plus one, of the lookup count that is being changed; 0: none. A kill before this is 0 again undoes the change and the
    /// request's progress by it.</summary>
    public long CountingPlace;

    /// <summary>What that count was.</summary>
    public ulong CountBefore;

    /// <summary>What <see cref="Progress"/> was.</summary>
    public int ProgressBefore;

    /// <summary>Stored behind all that it says something of.</summary>
    public RequestState State
    {
        readonly get => (RequestState)Volatile.Read(in _state);
        set => Volatile.Write(ref _state, (uint)value);
    }

    /// <summary>Nodes are given back, not given.</summary>
    public readonly bool Forgets => Opcode is Opcode.Forget or Opcode.BatchForget;

    /// <summary>What the request has come to with lookup counts.</summary>
    [UnscopedRef]
    public ref int Progress => ref Forgets ? ref ForgottenCount : ref GivenCount;

    public static ulong* Given(ChannelArea* area) => (ulong*)((byte*)area + GivenOffset);
}
