using Adit.Fuse.Requests;
using Adit.Interop;

namespace Adit.Fuse.Handlers;

/// <summary>What the dispatcher needs to know of an opcode. The default value stands for an unknown one.</summary>
internal readonly unsafe struct OpcodeEntry(delegate*<ref Call, Errno> handler, OpcodeTraits traits)
{
    public readonly delegate*<ref Call, Errno> Handler = handler;

    public bool Is(OpcodeTraits trait) => (traits & trait) != 0;
}

/// <summary>What holds for all requests of an opcode.</summary>
[Flags]
internal enum OpcodeTraits
{
    None = 0,

    /// <summary>Its node is a real one.</summary>
    OnNode = 1,

    /// <summary>Changes the volume: refused on a read-only mount, made durable on a synchronous one.</summary>
    Changes = 2,

    /// <summary>The protocol has no reply to it.</summary>
    NoReply = 4,

    /// <summary>Only gives back what the kernel holds, or ends something: served also after a shutdown.</summary>
    GivesBack = 8,
}
