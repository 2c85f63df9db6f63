using Adit.Interop;

namespace Adit.Media.Tests;

public sealed class ErrnoTextTests
{
    [Fact]
    public void Message_has_words_and_symbol() =>
        Assert.Equal("No such file or directory (ENOENT)", Errno.ENOENT.Message());

    [Fact]
    public void Message_of_unknown_number_has_the_number() =>
        Assert.Equal("Unknown error 4077 (errno 4077)", ((Errno)4077).Message());

    [Fact]
    public void Every_number_has_words() =>
        Assert.All(Enum.GetValues<Errno>(), errno => Assert.DoesNotContain("Unknown", errno.Message()));
}
