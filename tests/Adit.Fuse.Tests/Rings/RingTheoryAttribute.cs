namespace Adit.Fuse.Tests.Rings;

/// <summary><see cref="RingFactAttribute"/> with data.</summary>
public sealed class RingTheoryAttribute : TheoryAttribute
{
    public RingTheoryAttribute() => Skip = new RingFactAttribute().Skip;
}
