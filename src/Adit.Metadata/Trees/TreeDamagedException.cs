using Adit.Interop;

namespace Adit.Metadata.Trees;

/// <summary>A node of the tree does not prove itself. Thrown by reads of the tree; an operation turns it into EIO once.</summary>
public sealed class TreeDamagedException(string message) : IOException(message)
{
    public Errno Errno => Errno.EIO;
}
