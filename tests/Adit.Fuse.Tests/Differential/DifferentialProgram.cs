using System.Text;

namespace Adit.Fuse.Tests.Differential;

/// <summary>The far side of <see cref="DifferentialTests"/>: all cases below a directory, their notes in a file.</summary>
internal static class DifferentialProgram
{
    public static int Run(string root, string notes)
    {
        using StreamWriter writer = new(notes, append: false, new UTF8Encoding(false));
        PosixCalls calls = new(root, text => writer.WriteLine(text.Replace(root, "ROOT", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)));
        calls.Umask(0x12);
        int exitCode = 0;
        foreach (Action<PosixCalls> group in (Action<PosixCalls>[])[NameCases.All, AttributeCases.All, DataCases.All])
        {
            try
            {
                group(calls);
            }
            catch (Exception exception)
            {
                // A case that cannot go on compares nothing, on either side.
                calls.Note($"ended by {exception}");
                Console.Error.WriteLine(exception);
                exitCode = 1;
            }
        }

        return calls.HasFailed ? 1 : exitCode;
    }
}
