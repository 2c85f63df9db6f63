namespace Adit.Dax.Views;

/// <summary>A part of a view is the file's no more: it shows a copy of the bytes as they were, which belongs to the view alone.</summary>
/// <param name="OffsetBytes">Where in the view it begins.</param>
/// <param name="LengthBytes">How long it is.</param>
public sealed class ViewDetachment(long OffsetBytes, long LengthBytes) : EventArgs
{
    public long OffsetBytes { get; } = OffsetBytes;

    public long LengthBytes { get; } = LengthBytes;
}
