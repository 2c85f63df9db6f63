namespace Adit;

/// <summary>Options of a volume as words between commas, as users write them: <c>ro,dax=inode,nopreview</c>.</summary>
public static class VolumeOptionWords
{
    /// <summary>What is said of the word <c>dax</c>.</summary>
    public const string LegacyDaxWarning = "the option 'dax' is deprecated and means 'dax=always': write that, or 'dax=inode' to let each file's flag decide";

    /// <summary>What is wrong with another word behind <c>dax=</c>.</summary>
    public const string DaxHelp = "dax is inode, always or never";

    /// <summary>Reads words. Later ones win over earlier ones.</summary>
    /// <param name="text">Words separated by commas, or empty.</param>
    /// <param name="basis">What holds for all that the words do not say.</param>
    /// <param name="options">The result, or the basis when this fails.</param>
    /// <param name="warnings">What works, and should be written differently.</param>
    /// <param name="error">What is wrong and what is known, or null.</param>
    public static bool TryParse(string text, VolumeOptions basis, out VolumeOptions options, out IReadOnlyList<string> warnings, out string? error)
    {
        List<string> said = [];
        warnings = said;
        error = null;
        options = basis;
        foreach (string word in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!TryApply(word, ref options))
            {
                options = basis;
                error = word.StartsWith("dax=", StringComparison.Ordinal)
                    ? $"option '{word}': {DaxHelp}"
                    : $"option '{word}' is not known; known are ro, rw, sync, async, noatime, relatime, dax=inode|always|never, preview, nopreview";
                return false;
            }

            if (word == "dax")
            {
                said.Add(LegacyDaxWarning);
            }
        }

        return true;
    }

    private static bool TryApply(string word, ref VolumeOptions options)
    {
        VolumeOptions? changed = word switch
        {
            "ro" => options with { ReadOnly = true },
            "rw" => options with { ReadOnly = false },
            "sync" => options with { SyncAlways = true },
            "async" => options with { SyncAlways = false },
            "noatime" => options with { AccessTime = AccessTimePolicy.None },
            "relatime" => options with { AccessTime = AccessTimePolicy.Relative },
            "dax" or "dax=always" => options with { Dax = DaxMode.Always },
            "dax=inode" => options with { Dax = DaxMode.Inode },
            "dax=never" => options with { Dax = DaxMode.Never },
            "preview" => options with { Previews = PreviewPolicy.Allow },
            "nopreview" => options with { Previews = PreviewPolicy.Refuse },
            _ => null,
        };
        options = changed ?? options;
        return changed is not null;
    }
}
