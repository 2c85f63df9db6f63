namespace Adit.Interop;

/// <summary>The calling thread's number, at the cost of a load: the runtime's own costs a call.</summary>
public static class ThreadNumber
{
    [ThreadStatic]
    private static int t_number;

    /// <summary>As <see cref="Environment.CurrentManagedThreadId"/>; never 0.</summary>
    public static int Current
    {
        get
        {
            int number = t_number;
            return number == 0 ? Ask() : number;
        }
    }

    private static int Ask() => t_number = Environment.CurrentManagedThreadId;
}
