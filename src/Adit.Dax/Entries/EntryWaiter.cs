namespace Adit.Dax.Entries;

/// <summary>Somebody who waits at an entry.</summary>
internal abstract class EntryWaiter
{
    public EntryRef Entry { get; set; }

    public EntryWait Kind { get; set; }

    public EntryWaiter? Next { get; set; }

    /// <summary>Called once, by whoever ends the wait, with no lock held.</summary>
    public abstract void Signal();
}
