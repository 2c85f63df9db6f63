namespace Adit.Metadata.Space;

public sealed partial class SpaceAllocator
{
}
