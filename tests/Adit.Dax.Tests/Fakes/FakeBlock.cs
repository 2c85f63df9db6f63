namespace Adit.Dax.Tests.Fakes;

internal readonly record struct FakeBlock(long Page, bool IsUnwritten)
{
    public FakeBlock Next(long count) => this with { Page = Page + count };
}
