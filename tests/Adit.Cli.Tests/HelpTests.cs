using System.CommandLine;
using Adit.Cli.CommandLine;

namespace Adit.Cli.Tests;

public sealed class HelpTests
{
    public static TheoryData<string> Commands => [.. AditRootCommand.Create().Subcommands.Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Help_of_every_command_ends_with_an_example(string command)
    {
        using var output = new StringWriter();
        var code = AditRootCommand.Create().Parse([command, "--help"]).Invoke(new InvocationConfiguration { Output = output });

        Assert.Equal(0, code);
        Assert.Contains("--json", output.ToString(), StringComparison.Ordinal);
        Assert.Matches(@"Examples?:\n  (\S*/)?adit " + command, output.ToString());
    }

    [Fact]
    public void Commands_are_all_that_scripts_rely_on() => Assert.Equal(
        ["bench", "cat", "chattr", "cp", "crash", "fsck", "info", "ls", "map", "mkdir", "mkfs", "mount", "mv", "quota", "rm", "stat", "test", "umount", "up", "upgrade"],
        AditRootCommand.Create().Subcommands.Select(command => command.Name).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("mkfs")]
    [InlineData("frobnicate")]
    [InlineData("mkfs", "x", "--size", "banana")]
    [InlineData("mkfs", "x", "--medium", "cheese")]
    [InlineData("mkdir", "pool:/x", "--mode", "999")]
    [InlineData("cp", "only-one")]
    [InlineData("bench", "--case", "no-such-case")]
    [InlineData("cat", "no-volume")]
    [InlineData("chattr", "+x")]
    [InlineData("chattr", "-q", "pool.adit:/x")]
    [InlineData("chattr", "+x", "-x", "pool.adit:/x")]
    [InlineData("mount", "x", ".", "-o", "frobnicate")]
    public void Wrong_usage_ends_with_2_and_words(params string[] arguments)
    {
        var result = AditTool.Run(arguments).Expect(2);

        Assert.NotEmpty(result.Errors);
        Assert.Empty(result.Output);
    }
}
