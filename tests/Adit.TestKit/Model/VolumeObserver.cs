using System.Text;
using Adit.Format;
using Adit.Interop;
using Adit.Nodes;

namespace Adit.TestKit.Model;

/// <summary>Reads everything that a volume shows. An outcome other than success is a finding and thrown.</summary>
public static class VolumeObserver
{
    public static ObservedState Observe(Volume volume)
    {
        ObservedState state = new();
        Dictionary<ulong, ObservedNode> seen = [];
        Queue<(string Path, InodeNumber Inode)> directories = new();
        Require(volume.GetAttributes(InodeNumber.Root, out NodeAttributes root), "attributes of the root");
        state.Paths.Add(ObservedState.RootPath, Node(volume, "/", root));
        directories.Enqueue((ObservedState.RootPath, InodeNumber.Root));
        while (directories.TryDequeue(out (string Path, InodeNumber Inode) directory))
        {
            foreach ((string name, NodeAttributes listed) in List(volume, directory.Path, directory.Inode))
            {
                string path = $"{directory.Path}/{name}";
                Require(volume.Lookup(directory.Inode, Encoding.UTF8.GetBytes(name), out NodeAttributes attributes), $"lookup of {path}");
                if (attributes.Inode != listed.Inode || attributes.Type != listed.Type)
                {
                    throw new ObservationException($"{path} is {attributes.Inode} {attributes.Type} by lookup, {listed.Inode} {listed.Type} in its directory");
                }

                if (!seen.TryGetValue(attributes.Inode.Value, out ObservedNode? node))
                {
                    node = Node(volume, path, attributes);
                    seen.Add(attributes.Inode.Value, node);
                    if (attributes.Type == FileType.Directory)
                    {
                        directories.Enqueue((path, attributes.Inode));
                    }
                }
                else if (node.Type == FileType.Directory)
                {
                    throw new ObservationException($"{path} is a second name of a directory");
                }

                volume.Forget(attributes.Inode, 1);
                state.Paths.Add(path, node);
            }
        }

        return state;
    }

    private static List<(string Name, NodeAttributes Attributes)> List(Volume volume, string path, InodeNumber directory)
    {
        Sink sink = new();
        Require(volume.ReadDirectory(directory, 0, withAttributes: false, sink), $"reading directory {path}/");
        return sink.Items;
    }

    private static ObservedNode Node(Volume volume, string path, in NodeAttributes attributes)
    {
        ObservedNode node = new()
        {
            Inode = attributes.Inode.Value,
            Type = attributes.Type,
            Permissions = attributes.Mode & 0xFFF,
            LinkCount = attributes.LinkCount,
            SizeBytes = attributes.SizeBytes,
            Target = attributes.Type == FileType.SymbolicLink ? ReadTarget(volume, path, attributes) : "",
        };
        ReadAttributes(volume, path, attributes.Inode, node);
        if (attributes.Type == FileType.Regular)
        {
            ReadContent(volume, path, attributes, node);
        }

        return node;
    }

    private static string ReadTarget(Volume volume, string path, in NodeAttributes attributes)
    {
        Span<byte> target = new byte[4096];
        Require(volume.ReadSymbolicLink(attributes.Inode, target, out int length), $"reading link {path}");
        return Encoding.UTF8.GetString(target[..length]);
    }

    private static void ReadAttributes(Volume volume, string path, InodeNumber inode, ObservedNode node)
    {
        Require(volume.ListExtendedAttributes(inode, default, out int length), $"listing attributes of {path}");
        if (length == 0)
        {
            return;
        }

        byte[] names = new byte[length];
        Require(volume.ListExtendedAttributes(inode, names, out length), $"listing attributes of {path}");
        foreach (string name in Encoding.UTF8.GetString(names, 0, length).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            byte[] raw = Encoding.UTF8.GetBytes(name);
            Require(volume.GetExtendedAttribute(inode, raw, default, out int size), $"size of attribute {name} of {path}");
            byte[] value = new byte[size];
            if (size > 0)
            {
                Require(volume.GetExtendedAttribute(inode, raw, value, out size), $"attribute {name} of {path}");
            }

            node.Attributes.Add(name, value);
        }
    }

    private static void ReadContent(Volume volume, string path, in NodeAttributes attributes, ObservedNode node)
    {
        if (attributes.SizeBytes == 0)
        {
            return;
        }

        Require(volume.Open(attributes.Inode, OpenIntent.Read, out IOpenFile? opened), $"open of {path}");
        using IOpenFile file = opened!;
        Span<byte> page = stackalloc byte[ModelContent.PageSize];
        for (long offset = 0; offset < attributes.SizeBytes; offset += ModelContent.PageSize)
        {
            if (file.Seek(offset, SeekTarget.Data, out long data) == Errno.ENXIO)
            {
                break;
            }

            offset = Math.Max(offset, data & -ModelContent.PageSize);
            page.Clear();
            int expected = (int)Math.Min(ModelContent.PageSize, attributes.SizeBytes - offset);
            Require(file.Read(offset, page, out int read), $"reading {path} at {offset}");
            if (read != expected)
            {
                throw new ObservationException($"{path} gives {read} bytes at {offset} where its size says {expected}");
            }

            if (page.ContainsAnyExcept((byte)0))
            {
                node.Pages.Add(offset / ModelContent.PageSize, page.ToArray());
            }
        }
    }

    private static void Require(Errno result, string what)
    {
        if (result != Errno.Success)
        {
            throw new ObservationException($"{what}: {result}");
        }
    }

    private sealed class Sink : IDirectorySink
    {
        public List<(string Name, NodeAttributes Attributes)> Items { get; } = [];

        public bool Accept(in DirectoryItem item)
        {
            string name = Encoding.UTF8.GetString(item.Name);
            if (name is not ("." or ".."))
            {
                Items.Add((name, new NodeAttributes { Inode = item.Inode, Mode = (uint)item.Type }));
            }

            return true;
        }
    }
}
