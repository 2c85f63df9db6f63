namespace Adit.Interop.Locking;

/// <summary>A thread broke the order of the locks, took one twice, left one it does not hold, or closed a cycle of
/// waits. A defect of the program; thrown in checked builds only, before the thread would block.</summary>
public sealed class LockOrderException(string message) : InvalidOperationException(message);
