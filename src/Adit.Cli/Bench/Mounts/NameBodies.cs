using Adit.Interop.Linux;

namespace Adit.Cli.Bench.Mounts;

/// <summary>Makes an empty file, closes it, deletes it.</summary>
internal sealed class CreateBody(MountTarget target) : MountBody(target)
{
    private readonly string _path = Path.Combine(target.Directory, "file");

    public override void Run(int operations)
    {
        for (var count = 0; count < operations; count++)
        {
            using (var file = Libc.open(_path, OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_WRONLY | OpenFlags.O_CLOEXEC, 0x1A4))
            {
                Check(!file.IsInvalid, "open");
            }

            Check(Libc.unlink(_path) == 0, "unlink");
        }
    }
}

/// <summary>Opens a file and closes it.</summary>
internal sealed class OpenBody(MountTarget target) : MountBody(target)
{
    public override void Run(int operations)
    {
        for (var count = 0; count < operations; count++)
        {
            using var file = Libc.open(Target.File, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
            Check(!file.IsInvalid, "open");
        }
    }
}

/// <summary>Asks for a file's attributes by its path.</summary>
internal sealed unsafe class StatBody(MountTarget target) : MountBody(target)
{
    public override void Run(int operations)
    {
        StatxBuffer attributes;
        for (var count = 0; count < operations; count++)
        {
            Check(Libc.statx(Libc.AT_FDCWD, Target.File, 0, StatxBuffer.STATX_BASIC_STATS, &attributes) == 0, "statx");
        }
    }
}
