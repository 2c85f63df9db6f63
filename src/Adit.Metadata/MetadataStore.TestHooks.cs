namespace Adit.Metadata;

public sealed partial class MetadataStore
{
    /// <summary>Operations after which every transaction fails as one does that exceeds its room. For tests of what an exception inside
    /// a transaction leaves.</summary>
    internal int FailAfterOperations { get; set; } = int.MaxValue;
}
