using Adit.Nodes;

namespace Adit;

public sealed partial class AditFile : IDisposable
{
    internal AditFile(Volume volume, IOpenFile node, string path, FileAccess access)
    {
        Volume = volume;
        Node = node;
        Path = path;
        Access = access;
    }

    public Volume Volume { get; }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    public FileAccess Access { get; }

    /// <summary>The same file as <c>Errno</c> values instead of exceptions.</summary>
    public IOpenFile Node { get; }

    public NodeAttributes Attributes => throw new NotImplementedException();

    public long Length => throw new NotImplementedException();

    public int Read(long offsetBytes, Span<byte> destination) => throw new NotImplementedException();

    public void Write(long offsetBytes, ReadOnlySpan<byte> source) => throw new NotImplementedException();

    public long Append(ReadOnlySpan<byte> source) => throw new NotImplementedException();

    public void SetLength(long lengthBytes) => throw new NotImplementedException();

    public void Allocate(long offsetBytes, long lengthBytes, AllocateMode mode = AllocateMode.Allocate) => throw new NotImplementedException();

    /// <returns>The offset found, or -1 when there is none.</returns>
    public long Seek(long offsetBytes, SeekTarget target) => throw new NotImplementedException();

    public void Flush(bool dataOnly = false) => throw new NotImplementedException();

    public Stream AsStream(bool leaveOpen = false) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
