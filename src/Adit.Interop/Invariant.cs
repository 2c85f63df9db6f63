using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Adit.Interop;

/// <summary>Checks that stay on in Release: a failed one is a defect of the program, never of its input.</summary>
public static class Invariant
{
    public static void That(
        [DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string? expression = null)
    {
        if (!condition)
        {
            Fail(expression);
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fail(string? expression) => throw new InvalidOperationException($"Broken invariant: {expression}.");
}
