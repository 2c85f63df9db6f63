using System.IO.MemoryMappedFiles;

namespace Adit.Fuse.Tests.Mounts;

/// <summary>Maps a file of a mount, from a process that does not serve it, and compares what the map and plain reads and
/// writes see of each other.</summary>
internal static class MappingClient
{
    private const int LengthBytes = 256 << 10;

    public static int Run(string path)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        file.SetLength(LengthBytes);
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, true);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        using MemoryMappedViewAccessor copy = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.CopyOnWrite);
        byte[] buffer = new byte[3];
        for (int offset = 0; offset < LengthBytes - 8; offset += 30_011)
        {
            view.Write(offset, (byte)1);
            view.Write(offset + 1, (byte)2);
            RandomAccess.Write(file.SafeFileHandle, [3], offset + 2);
            RandomAccess.Read(file.SafeFileHandle, buffer, offset);
            if (!buffer.AsSpan().SequenceEqual((ReadOnlySpan<byte>)[1, 2, 3]) || view.ReadByte(offset + 2) != 3)
            {
                Console.Error.WriteLine($"at {offset}: read {string.Join(' ', buffer)}, mapped {view.ReadByte(offset + 2)}");
                return 1;
            }

            copy.Write(offset, (byte)9);
        }

        view.Flush();
        byte[] all = File.ReadAllBytes(path);
        if (all[0] != 1 || all[30_011] != 1 || all.Length != LengthBytes)
        {
            Console.Error.WriteLine("a private store reached the file, or a shared one did not");
            return 1;
        }

        return 0;
    }
}
