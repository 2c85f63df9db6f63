using System.Text;
using Adit.Fuse.Tests.Mounts;
using Adit.Fuse.Wire;

namespace Adit.Fuse.Tests.Wire;

/// <summary>The same sizes, and the opcodes, as the C compiler of this machine sees them.</summary>
public sealed class CompilerLayoutTests
{
    [NeedsToolFact("cc", "/usr/include/linux/fuse.h")]
    public void Structures_have_the_sizes_that_the_C_compiler_gives_them()
    {
        StringBuilder source = new("#include <linux/fuse.h>\n#include <stdio.h>\nint main(void) {\n");
        foreach (string name in WireLayoutTests.Sizes.Keys)
        {
            source.Append($"printf(\"{name} %zu\\n\", sizeof(struct {name}));\n");
        }

        (string C, Opcode Opcode)[] opcodes =
        [
            ("FUSE_LOOKUP", Opcode.Lookup), ("FUSE_SETATTR", Opcode.SetAttr), ("FUSE_RENAME", Opcode.Rename), ("FUSE_LINK", Opcode.Link),
            ("FUSE_WRITE", Opcode.Write), ("FUSE_RELEASE", Opcode.Release), ("FUSE_FSYNC", Opcode.FSync), ("FUSE_INIT", Opcode.Init),
            ("FUSE_FSYNCDIR", Opcode.FSyncDir), ("FUSE_CREATE", Opcode.Create), ("FUSE_DESTROY", Opcode.Destroy), ("FUSE_IOCTL", Opcode.IoCtl),
            ("FUSE_BATCH_FORGET", Opcode.BatchForget), ("FUSE_READDIRPLUS", Opcode.ReadDirPlus), ("FUSE_RENAME2", Opcode.Rename2),
            ("FUSE_LSEEK", Opcode.LSeek), ("FUSE_COPY_FILE_RANGE", Opcode.CopyFileRange), ("FUSE_SYNCFS", Opcode.SyncFs),
        ];
        foreach ((string c, Opcode _) in opcodes)
        {
            source.Append($"printf(\"{c} %d\\n\", (int){c});\n");
        }

        source.Append("return 0; }\n");
        using TestFolder folder = new();
        string file = Path.Combine(folder.Path, "sizes.c");
        File.WriteAllText(file, source.ToString());
        Shell.Run($"cc -o {folder.Path}/sizes {file}").MustSucceed();
        Dictionary<string, int> found = Shell.Run($"{folder.Path}/sizes").MustSucceed().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .ToDictionary(words => words[0], words => int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture));

        Assert.All(WireLayoutTests.Sizes, pair => Assert.Equal((pair.Key, found[pair.Key]), (pair.Key, pair.Value)));
        Assert.All(opcodes, pair => Assert.Equal((pair.C, found[pair.C]), (pair.C, (int)pair.Opcode)));
    }
}
