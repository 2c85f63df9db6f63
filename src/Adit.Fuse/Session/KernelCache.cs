namespace Adit.Fuse.Session;

/// <summary>What the kernel may hold a copy of.</summary>
[Flags]
internal enum KernelCache
{
    None = 0,
    Attributes = 1,

    /// <summary>Pages: of a file that is read through the page cache, or mapped.</summary>
    Data = 2,
    All = Attributes | Data,
}
