namespace Adit.TestKit.Simulation;

/// <summary>What is undecided on a medium at one moment. Valid until the medium's next event; reused to save garbage.</summary>
public sealed class CrashState
{
    internal List<int> Pages { get; } = [];

    /// <summary>The lines whose persisted and working bytes differ, in order.</summary>
    public List<int> Lines { get; } = [];

    /// <summary>For each of <see cref="Lines"/>: it was written or marked since the last fence. The others were stored to
    /// and never marked.</summary>
    public List<bool> IsPending { get; } = [];

    /// <summary>How many pages of 4 KiB the lines lie in.</summary>
    public int PageCount { get; internal set; }

    public bool IsDecided => Lines.Count == 0;
}
