namespace Adit.Metadata;

public sealed partial class MetadataStore
{
    /// <summary>Operations after which every transaction fails as one does that exceeds its room. For tests of what an exception inside
    /// a transaction leaves.</summary>
    internal int FailAfterOperations { get; set; } = int.MaxValue;

    /// <summary>The next checkpoint finds an invariant broken, in the middle. For tests of what such a defect leaves.</summary>
    internal bool BreaksInCheckpoint { get; set; }

    /// <summary>Runs when a beginning transaction has made room and not yet looked whether it is still there. For tests of who loses it.</summary>
    internal Action? WhenRoomWasMade { get; set; }
}
