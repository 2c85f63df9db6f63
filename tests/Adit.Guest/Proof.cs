namespace Adit.Guest;

internal sealed class ProofException(string message) : Exception(message);

/// <summary>What a check says of what it found.</summary>
internal static class Proof
{
    public static void That(bool condition, string found)
    {
        if (!condition)
        {
            throw new ProofException(found);
        }
    }

    public static void Equal<T>(T expected, T found, string of) =>
        That(EqualityComparer<T>.Default.Equals(expected, found), $"{of}: {found} where {expected} is expected");
}
