using Adit.Nodes;

namespace Adit.Cli.Trees;

/// <summary>A tree of files that the file commands work on: a volume opened by this process, or a folder of the host, such as
/// the mount point of a volume that another process has. Paths are absolute inside the tree. Failures are exceptions that
/// <see cref="CommandLine.CommandFailure.From"/> knows.</summary>
internal interface IFileTree : IDisposable
{
    /// <summary>Two trees with the same identity are the same files.</summary>
    string Identity { get; }

    /// <summary>How a path of it is shown to people.</summary>
    string Show(string path);

    /// <summary>What is at a path, or null when nothing is.</summary>
    TreeNode? Find(string path, bool followLink = true);

    IEnumerable<TreeNode> List(string path);

    Stream OpenRead(string path);

    /// <summary>Makes a file or empties the one that is there.</summary>
    Stream Create(string path, uint permissions);

    void MakeDirectory(string path, uint permissions, bool parents);

    void Delete(string path);

    void DeleteDirectory(string path, bool recursive);

    void Move(string from, string to);

    string ReadLink(string path);

    void MakeSymbolicLink(string path, string target);

    void SetPermissions(string path, uint permissions);

    void SetModifyTime(string path, Timestamp time);

    /// <summary>Everything done through this tree is durable when it returns.</summary>
    void Flush();
}
