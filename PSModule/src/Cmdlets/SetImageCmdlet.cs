using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Set-Image: changes what a file says about an image. The image itself is not touched.</summary>
[Cmdlet(VerbsCommon.Set, "Image", SupportsShouldProcess = true, DefaultParameterSetName = IndexSet)]
[OutputType(typeof(ImageInfo))]
public sealed class SetImageCmdlet : OneImageCmdlet
{
    private const string NameSet = "ImageName";

    /// <summary>The parameters that change something.</summary>
    private static readonly string[] Changes =
    {
        nameof(Name), nameof(Description), nameof(DisplayName), nameof(DisplayDescription), nameof(Flags), nameof(Bootable),
        nameof(Property),
    };

    /// <summary>The name that the image has.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string? ImageName { get; set; }

    /// <summary>The name that the image gets. Not bound from the pipeline: a file has a Name, too.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The description that the image gets.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? Description { get; set; }

    /// <summary>The name shown by Windows Setup.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? DisplayName { get; set; }

    /// <summary>The description shown by Windows Setup.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? DisplayDescription { get; set; }

    /// <summary>The edition flags that Windows Setup matches.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? Flags { get; set; }

    /// <summary>Whether the image is the one to boot.</summary>
    [Parameter]
    [Alias("Setbootable", "SB")]
    public SwitchParameter Bootable { get; set; }

    /// <summary>Other elements of the image's XML and their texts.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public Hashtable? Property { get; set; }

    /// <summary>Whether to emit the image.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(ImagePath, () =>
    {
        string imagePath = FullPath(ImagePath);
        uint index = ImageSelection.One(imagePath, Index, ParameterSetName == NameSet ? ImageName : null).ImageIndex;
        string[] changes = Changes.Where(MyInvocation.BoundParameters.ContainsKey).ToArray();
        if (changes.Length > 0 && ShouldProcess($"image {index} of '{imagePath}'", $"Set {string.Join(", ", changes)}"))
        {
            ImageFiles.Describe(imagePath, index, new JsonWriter()
                .Add("name", Name)
                .Add("description", Description)
                .Add("displayName", DisplayName)
                .Add("displayDescription", DisplayDescription)
                .Add("flags", Flags)
                .Add("bootable", IfGiven(nameof(Bootable), Bootable))
                .Add("properties", Properties()));
        }

        if (PassThru.IsPresent && !IsWhatIf)
        {
            WriteImages(imagePath, new[] { index });
        }
    });

    private IEnumerable<KeyValuePair<string, string>>? Properties() => Property?.Cast<DictionaryEntry>().Select(entry =>
        new KeyValuePair<string, string>(Text(entry.Key), Text(entry.Value)));

    /// <summary>A value as XML has it: true and false in small letters, numbers without a culture.</summary>
    private static string Text(object? value) => value switch
    {
        null => string.Empty,
        bool flag => flag ? "true" : "false",
        _ => (string)LanguagePrimitives.ConvertTo(value, typeof(string), CultureInfo.InvariantCulture),
    };
}
