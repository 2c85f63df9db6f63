namespace Adit.Dax.Entries;

internal enum EntryWait
{
    /// <summary>For the entry's lock: one is woken for each unlock.</summary>
    Lock,

    /// <summary>For its pins to go: all are woken.</summary>
    Pins,
}
