using Adit.Fuse.Requests;
using Adit.Fuse.Wire;
using Adit.Interop;

namespace Adit.Fuse.Handlers;

/// <summary>Which handler serves which opcode. What is not in it is answered ENOSYS, which the kernel remembers:
/// ACCESS (the kernel checks), FLUSH (nothing is kept back), POLL and BMAP (no meaning here), locks (the kernel's own).</summary>
internal static unsafe class OpcodeTable
{
    public static OpcodeEntry[] Build()
    {
        OpcodeEntry[] table = new OpcodeEntry[Dispatcher.OpcodeCount];

        void Set(Opcode opcode, delegate*<ref Call, Errno> handler, OpcodeTraits traits = OpcodeTraits.OnNode) =>
            table[(int)opcode] = new OpcodeEntry(handler, traits);

        const OpcodeTraits Changes = OpcodeTraits.OnNode | OpcodeTraits.Changes;

        Set(Opcode.Init, &ControlHandlers.Init, OpcodeTraits.None);
        Set(Opcode.Destroy, &ControlHandlers.Destroy, OpcodeTraits.GivesBack);
        Set(Opcode.Interrupt, &ControlHandlers.Interrupt, OpcodeTraits.NoReply | OpcodeTraits.GivesBack);
        Set(Opcode.NotifyReply, &ControlHandlers.NotifyReply, OpcodeTraits.NoReply | OpcodeTraits.GivesBack);
        Set(Opcode.StatFs, &ControlHandlers.StatFs, OpcodeTraits.GivesBack);
        Set(Opcode.SyncFs, &ControlHandlers.SyncFs, OpcodeTraits.None);

        Set(Opcode.Lookup, &LookupHandlers.Lookup);
        Set(Opcode.Forget, &LookupHandlers.Forget, OpcodeTraits.NoReply | OpcodeTraits.GivesBack);
        Set(Opcode.BatchForget, &LookupHandlers.BatchForget, OpcodeTraits.NoReply | OpcodeTraits.GivesBack);

        Set(Opcode.GetAttr, &AttributeHandlers.GetAttr);
        Set(Opcode.StatX, &AttributeHandlers.StatX);
        Set(Opcode.SetAttr, &AttributeHandlers.SetAttr, Changes);

        Set(Opcode.MkNod, &NameHandlers.MkNod, Changes);
        Set(Opcode.MkDir, &NameHandlers.MkDir, Changes);
        Set(Opcode.SymLink, &NameHandlers.SymLink, Changes);
        Set(Opcode.ReadLink, &NameHandlers.ReadLink);
        Set(Opcode.Link, &NameHandlers.Link, Changes);
        Set(Opcode.Unlink, &NameHandlers.Unlink, Changes);
        Set(Opcode.RmDir, &NameHandlers.RmDir, Changes);
        Set(Opcode.Rename, &NameHandlers.Rename, Changes);
        Set(Opcode.Rename2, &NameHandlers.Rename2, Changes);

        Set(Opcode.Open, &OpenHandlers.Open);
        Set(Opcode.Create, &OpenHandlers.Create, Changes);
        Set(Opcode.TmpFile, &OpenHandlers.TmpFile, Changes);
        Set(Opcode.Release, &OpenHandlers.Release, OpcodeTraits.OnNode | OpcodeTraits.GivesBack);
        Set(Opcode.FSync, &OpenHandlers.FSync);

        Set(Opcode.Read, &DataHandlers.Read);
        Set(Opcode.Write, &DataHandlers.Write, Changes);
        Set(Opcode.FAllocate, &SpaceHandlers.FAllocate, Changes);
        Set(Opcode.LSeek, &SpaceHandlers.LSeek);
        Set(Opcode.CopyFileRange, &CopyHandlers.CopyFileRange, Changes);
        Set(Opcode.CopyFileRange64, &CopyHandlers.CopyFileRange64, Changes);

        Set(Opcode.OpenDir, &DirectoryHandlers.OpenDir);
        Set(Opcode.ReadDir, &DirectoryHandlers.ReadDir);
        Set(Opcode.ReadDirPlus, &DirectoryHandlers.ReadDirPlus);
        Set(Opcode.ReleaseDir, &DirectoryHandlers.ReleaseDir, OpcodeTraits.OnNode | OpcodeTraits.GivesBack);
        Set(Opcode.FSyncDir, &DirectoryHandlers.FSyncDir);

        Set(Opcode.GetXAttr, &ExtendedAttributeHandlers.GetXAttr);
        Set(Opcode.SetXAttr, &ExtendedAttributeHandlers.SetXAttr, Changes);
        Set(Opcode.ListXAttr, &ExtendedAttributeHandlers.ListXAttr);
        Set(Opcode.RemoveXAttr, &ExtendedAttributeHandlers.RemoveXAttr, Changes);
        Set(Opcode.IoCtl, &IoCtlHandlers.IoCtl);
        return table;
    }
}
