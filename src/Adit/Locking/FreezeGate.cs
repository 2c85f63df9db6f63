namespace Adit.Locking;

/// <summary>Holds up those who would change a frozen volume.</summary>
/// <remarks>Whoever changes something looks at <see cref="IsFrozen"/> with the lock held that every change of its kind takes first (the namespace's, or
/// an inode's), and if it is set lets go of the lock, waits, and begins again (<see cref="ChangeScope"/>). Whoever freezes closes the gate, then
/// takes each of those locks once: who had it before has finished, and who gets it afterwards sees the gate closed. So an operation costs a
/// look at one word that nearly never changes.</remarks>
internal sealed class FreezeGate
{
    private readonly object _monitor = new();
    private bool _isFrozen;

    public bool IsFrozen => Volatile.Read(ref _isFrozen);

    /// <returns>False when it is closed already.</returns>
    public bool TryClose()
    {
        lock (_monitor)
        {
            bool wasFrozen = _isFrozen;
            Volatile.Write(ref _isFrozen, true);
            return !wasFrozen;
        }
    }

    /// <returns>False when it is open already.</returns>
    public bool Open()
    {
        lock (_monitor)
        {
            bool wasFrozen = _isFrozen;
            Volatile.Write(ref _isFrozen, false);
            Monitor.PulseAll(_monitor);
            return wasFrozen;
        }
    }

    /// <summary>Waits until it is open, with no lock held.</summary>
    public void Wait()
    {
        lock (_monitor)
        {
            while (_isFrozen)
            {
                Monitor.Wait(_monitor);
            }
        }
    }
}
