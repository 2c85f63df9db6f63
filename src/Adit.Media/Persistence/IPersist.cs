namespace Adit.Media.Persistence;

/// <summary>What it takes for bytes that were stored through the cache to survive power loss, as a type argument so
/// that it inlines into the copy loops. A store fence must follow.</summary>
internal unsafe interface IPersist
{
    /// <summary>Starts writing back a range of at least one byte.</summary>
    static abstract void WriteBack(byte* start, nuint lengthBytes);
}

/// <summary>Caches lose their content: each line is written back.</summary>
internal readonly unsafe struct PersistByLine : IPersist
{
    public static void WriteBack(byte* start, nuint lengthBytes) => CacheLines.WriteBack(start, lengthBytes);
}

/// <summary>The platform keeps what is in the caches (eADR), or the memory forgets anyway: nothing to do.</summary>
internal readonly unsafe struct PersistInCache : IPersist
{
    public static void WriteBack(byte* start, nuint lengthBytes)
    {
    }
}
