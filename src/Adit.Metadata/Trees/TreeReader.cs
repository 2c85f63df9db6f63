using Adit.Format;

namespace Adit.Metadata.Trees;

public readonly ref struct TreeReader : IDisposable
{
    public bool TryGet(TreeKey key, out ReadOnlySpan<byte> value) => throw new NotImplementedException();

    public bool TryGetAtOrBelow(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value) => throw new NotImplementedException();

    public bool TryGetAtOrAbove(TreeKey key, out TreeKey found, out ReadOnlySpan<byte> value) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
