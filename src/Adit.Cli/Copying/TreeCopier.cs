using Adit.Cli.CommandLine;
using Adit.Cli.Output;
using Adit.Cli.Reports;
using Adit.Cli.Trees;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.Cli.Copying;

/// <summary>Copies files, directories and symbolic links from one tree to another. Zeros become holes, permissions stay.</summary>
/// <param name="isRecursive">Directories are copied too.</param>
/// <param name="keepTimes">Modification times stay.</param>
/// <param name="progress">Is told how far it is.</param>
/// <param name="output">Is told what was left out.</param>
internal sealed class TreeCopier(bool isRecursive, bool keepTimes, CopyProgress progress, CommandOutput output)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Runs of zeros of this length and alignment become holes.</summary>
    private const int HoleBytes = 64 << 10;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private long _files;
    private long _directories;
    private long _links;
    private long _bytes;

    /// <summary>Sockets, pipes and devices that were left out.</summary>
    public long SkippedCount { get; private set; }

    public void Copy(IFileTree source, string from, IFileTree target, string to)
    {
        var node = source.Find(from, followLink: !isRecursive)
            ?? throw new CommandFailure($"{source.Show(from)}: {Errno.ENOENT.Message()}", errno: Errno.ENOENT);
        if (source.Identity == target.Identity && TreePath.IsWithin(to, from) && (to == from || node.IsDirectory))
        {
            throw new CommandFailure($"{source.Show(from)} cannot be copied onto or into itself", errno: Errno.EINVAL);
        }

        CopyNode(source, from, node, target, to);
    }

    public CopyReport Result(TimeSpan elapsed) => new(_files, _directories, _links, _bytes, SkippedCount, elapsed.TotalSeconds);

    private void CopyNode(IFileTree source, string from, TreeNode node, IFileTree target, string to)
    {
        switch (node.Type)
        {
            case FileType.Regular:
                CopyFile(source, from, node, target, to);
                break;
            case FileType.Directory when isRecursive:
                CopyDirectory(source, from, node, target, to);
                break;
            case FileType.Directory:
                throw new CommandFailure($"{source.Show(from)}: {Errno.EISDIR.Message()}; with -r it is copied with all that is in it", errno: Errno.EISDIR);
            case FileType.SymbolicLink:
                CopyLink(source, from, target, to);
                break;
            default:
                output.Message($"{source.Show(from)} is a {Inspection.NodeText.TypeOf(node.Type)}: left out");
                SkippedCount++;
                break;
        }
    }

    private void CopyDirectory(IFileTree source, string from, TreeNode node, IFileTree target, string to)
    {
        if (target.Find(to) is { } there)
        {
            if (!there.IsDirectory)
            {
                throw new CommandFailure($"{target.Show(to)}: {Errno.ENOTDIR.Message()}", errno: Errno.ENOTDIR);
            }
        }
        else
        {
            // Writable while it is filled; its own permissions come last.
            target.MakeDirectory(to, node.Permissions | 0x1C0, parents: false);
        }

        foreach (var entry in source.List(from))
        {
            CopyNode(source, TreePath.Join(from, entry.Name), entry, target, TreePath.Join(to, entry.Name));
        }

        target.SetPermissions(to, node.Permissions);
        if (keepTimes)
        {
            target.SetModifyTime(to, node.ModifyTime);
        }

        _directories++;
    }

    private void CopyLink(IFileTree source, string from, IFileTree target, string to)
    {
        if (target.Find(to, followLink: false) is { IsDirectory: false })
        {
            target.Delete(to);
        }

        target.MakeSymbolicLink(to, source.ReadLink(from));
        _links++;
    }

    private void CopyFile(IFileTree source, string from, TreeNode node, IFileTree target, string to)
    {
        progress.Current(node.Name);
        using (var reader = source.OpenRead(from))
        using (var writer = target.Create(to, node.Permissions))
        {
            CopyBytes(reader, writer);
        }

        target.SetPermissions(to, node.Permissions);
        if (keepTimes)
        {
            target.SetModifyTime(to, node.ModifyTime);
        }

        _files++;
    }

    private void CopyBytes(Stream reader, Stream writer)
    {
        long position = 0;
        long end = 0;
        int count;
        while ((count = reader.Read(_buffer, 0, _buffer.Length)) > 0)
        {
            for (var offset = 0; offset < count; offset += HoleBytes)
            {
                var piece = _buffer.AsSpan(offset, Math.Min(HoleBytes, count - offset));
                if (piece.ContainsAnyExcept((byte)0))
                {
                    if (writer.Position != position + offset)
                    {
                        writer.Seek(position + offset, SeekOrigin.Begin);
                    }

                    writer.Write(piece);
                    end = position + offset + piece.Length;
                }
            }

            position += count;
            _bytes += count;
            progress.Add(count);
        }

        if (end < position)
        {
            writer.SetLength(position);
        }
    }
}
