using Adit.Interop.Linux;

namespace Adit.Media.Tests;

/// <summary>A test that mounts: skipped, and reported so, for a user who may not.</summary>
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (Libc.geteuid() != 0)
        {
            Skip = "mounting needs root";
        }
    }
}

/// <summary>A test that asks the C compiler: skipped, and reported so, where there is none.</summary>
internal sealed class CompilerFactAttribute : FactAttribute
{
    public CompilerFactAttribute()
    {
        if (!File.Exists(Compiler))
        {
            Skip = $"there is no {Compiler}";
        }
    }

    public const string Compiler = "/usr/bin/cc";
}

/// <summary>A test that watches write-back: skipped, and reported so, where the tests lie in memory.</summary>
internal sealed class DiskTheoryAttribute : TheoryAttribute
{
    public DiskTheoryAttribute()
    {
        if (new DriveInfo(Directory).DriveFormat is "tmpfs" or "ramfs")
        {
            Skip = $"{Directory} is not on a disk";
        }
    }

    public static string Directory => AppContext.BaseDirectory;
}
