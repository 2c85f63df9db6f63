using System.Diagnostics;

namespace Adit.Cli.Tests;

/// <summary>Runs the real tool as a process. Its standard input is closed, and it is killed with all its children when it
/// takes longer than a minute.</summary>
internal static class AditTool
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>The tool's assembly.</summary>
    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "Adit.Cli.dll");

    public static ToolResult Run(params string[] arguments) => RunAt(Assembly, arguments);

    /// <summary>Runs a copy of the tool.</summary>
    public static ToolResult RunAt(string assembly, params string[] arguments)
    {
        using var process = StartAt(assembly, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit) || !Task.WaitAll([output, errors], Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"adit {string.Join(' ', arguments)} did not end within {Limit.TotalSeconds} s, or left a child that holds its output");
        }

        return new ToolResult(process.ExitCode, output.Result, errors.Result);
    }

    /// <summary>Starts the tool; whoever asked for it ends it.</summary>
    public static Process Start(params string[] arguments) => StartAt(Assembly, arguments);

    private static Process StartAt(string assembly, string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", [assembly, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        process.StandardInput.Close();
        return process;
    }
}
