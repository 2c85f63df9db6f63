namespace Adit.Cli.Bench;

/// <summary>Something that is timed. A class with a method, not a delegate, so that running it allocates nothing of its own.</summary>
internal abstract class BenchBody
{
    /// <summary>Makes ready for one round; not timed.</summary>
    public virtual void Prepare()
    {
    }

    /// <summary>Does the operation so many times.</summary>
    public abstract void Run(int operations);
}
