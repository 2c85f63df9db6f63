namespace Adit.Access;

/// <summary>How the bytes of a file are accessed.</summary>
public enum DaxState
{
    /// <summary>Not at all: it is no regular file.</summary>
    None,

    /// <summary>Where they are on the medium: pins and views are possible, written blocks are overwritten in place.</summary>
    Direct,

    /// <summary>Through buffers of this process: blocks that are written get a checksum and a new place, and each read is verified. Nobody is
    /// given an address on the medium.</summary>
    Private,
}
