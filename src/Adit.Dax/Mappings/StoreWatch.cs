namespace Adit.Dax.Mappings;

/// <summary>Told of stores through pins and views once their holder flushes or ends them: for whoever keeps copies of the bytes. One
/// watch may serve many mappings.</summary>
/// <remarks>While nobody watches, the end of a pin for writing costs one look at <see cref="IsActive"/>.</remarks>
public abstract class StoreWatch
{
    private volatile bool _isActive;

    /// <summary>Somebody wants to be told.</summary>
    public bool IsActive
    {
        get => _isActive;
        protected set => _isActive = value;
    }

    /// <summary>Bytes of a file may have been stored to. Called under locks of the mapping or under none: it neither waits nor allocates.</summary>
    /// <param name="number">The mapping's: <see cref="AddressSpaceOptions.Number"/>.</param>
    /// <param name="offsetBytes">Where in the file.</param>
    /// <param name="lengthBytes">At least 1.</param>
    public abstract void Stored(ulong number, long offsetBytes, long lengthBytes);

    /// <summary>Called without locks after <see cref="Stored"/>: returns when everything told so far has reached those who keep copies, or
    /// when that takes too long.</summary>
    public abstract void WaitUntilTold();
}
