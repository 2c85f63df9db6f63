using Adit.Nodes;

namespace Adit;

/// <summary>Bytes of a file where they are on the medium; see <see cref="AditFile.ReadDirect"/>.</summary>
public readonly ref struct DirectRead
{
    private readonly IOpenFile _file;

    internal DirectRead(IOpenFile file, ReadOnlySpan<byte> span)
    {
        _file = file;
        Span = span;
    }

    /// <summary>The bytes; valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Span { get; }

    public void Dispose() => _file.EndDirectRead();
}
