using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>What cmdlets share that look at INF files and images without changing anything.</summary>
public abstract class DriverQueryCmdlet : ImageServicingCmdlet
{
    /// <summary>Whether folders below the given ones are searched, too: unless it is switched off.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; } = true;

    /// <summary>The INF files and folders that paths with wildcards name; one that names none is an error of its own.</summary>
    private protected string[] ExpandAll(IEnumerable<string> given)
    {
        var paths = new List<string>();
        foreach (string path in given)
        {
            ForItem(path, () =>
            {
                IReadOnlyList<string> found = Expand(path);
                if (found.Count == 0)
                {
                    WriteNotFound(path);
                }

                paths.AddRange(found);
            });
        }

        return paths.Distinct().ToArray();
    }

    /// <summary>Emits what was found, and says what could not be looked at.</summary>
    private protected void WriteAnswer<T>(DriverAnswer<T> answer)
    {
        WriteObject(answer.Found, enumerateCollection: true);
        foreach ((_, ImageServicingException error) in answer.Unread)
        {
            WriteWarning($"left out: {error.Message}");
        }

        foreach (string path in answer.Missing)
        {
            WriteNotFound(path);
        }
    }

    /// <summary>The options' object for an image of a file.</summary>
    private protected JsonWriter? Image(string? path, int index) =>
        path is null ? null : new JsonWriter().Add("imagePath", FullPath(path)).Add("index", index);

    private void WriteNotFound(string path)
    {
        var failure = new ImageServicingException(
            ImageServicingStatus.NotFound,
            "DriverNotFound",
            $"there is no INF file at '{path}'",
            path,
            "Give an INF file, or a folder that holds some.",
            unchecked((int)0x80070002));
        WriteError(ErrorRecords.From(failure, path));
    }
}
