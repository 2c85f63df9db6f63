namespace Adit.Fuse.Tests.Differential;

/// <summary>Where two lists of notes part.</summary>
/// <param name="Explained">How many have a reason.</param>
/// <param name="Unexplained">The others: what was expected, and what was found.</param>
internal sealed record Differences(int Explained, IReadOnlyList<string> Unexplained)
{
    public static Differences Between(string[] expected, string[] found)
    {
        int explained = 0;
        List<string> unexplained = [];
        for (int i = 0; i < Math.Max(expected.Length, found.Length); i++)
        {
            string left = i < expected.Length ? expected[i] : "(nothing)";
            string right = i < found.Length ? found[i] : "(nothing)";
            if (left == right)
            {
                continue;
            }

            if (Differential.Explained.Has(left, right))
            {
                explained++;
            }
            else
            {
                unexplained.Add($"ext4:  {left}\nmount: {right}");
            }
        }

        return new Differences(explained, unexplained);
    }
}
