using System.Diagnostics.CodeAnalysis;

namespace Adit.Metadata;

/// <summary>Checks of what this code itself must keep true; on in Release builds too. Never for bytes from a medium.</summary>
public static class Invariant
{
    /// <exception cref="InvariantException">The condition is false: a defect of Adit.</exception>
    public static void That([DoesNotReturnIf(false)] bool condition, string what)
    {
        if (!condition)
        {
            Fail(what);
        }
    }

    [DoesNotReturn]
    public static void Fail(string what) => throw new InvariantException(what);
}
