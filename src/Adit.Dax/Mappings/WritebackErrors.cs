using Adit.Interop;

namespace Adit.Dax.Mappings;

/// <summary>The failures of a file's write-backs, told once to every handle that was open when they happened, whoever met them and
/// whether or not a later write-back succeeded.</summary>
internal sealed class WritebackErrors
{
    // The number of failures so far, above the errno of the last: read and replaced as one.
    private long _state;

    public void Add(Errno errno)
    {
        while (true)
        {
            long seen = Interlocked.Read(ref _state);
            long next = (((seen >> 16) + 1) << 16) | (long)errno;
            if (Interlocked.CompareExchange(ref _state, next, seen) == seen)
            {
                return;
            }
        }
    }

    public ErrorCursor Open() => new(Interlocked.Read(ref _state));

    /// <summary>The last failure that the handle has not been told of.</summary>
    public Errno Take(ref ErrorCursor cursor)
    {
        long state = Interlocked.Read(ref _state);
        if (state == cursor.Seen)
        {
            return Errno.Success;
        }

        cursor = new ErrorCursor(state);
        return (Errno)(state & 0xFFFF);
    }
}
