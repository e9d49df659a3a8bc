using System.Management.Automation;
using ImageServicing.Internal;
using ImageServicing.Interop;

namespace ImageServicing.Cmdlets;

/// <summary>Convert-UnattendPassword: Setup's encoding of passwords, both ways.</summary>
[Cmdlet(VerbsData.Convert, "UnattendPassword")]
[OutputType(typeof(string))]
public sealed class ConvertUnattendPasswordCmdlet : ImageServicingCmdlet
{
    /// <summary>The password; a text or a secure string.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    [AllowEmptyString]
    public object? Password { get; set; }

    /// <summary>The element that holds it.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UnattendPasswordCompleter))]
    public string Element { get; set; } = "Password";

    /// <summary>Whether an encoded password is decoded.</summary>
    [Parameter]
    public SwitchParameter Decode { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(Element, () =>
    {
        WriteObject(AnswerFileSettings.ConvertPassword(
            UnattendValues.Text(Password), Element, new JsonWriter().Add("decode", IfGiven(nameof(Decode), Decode))));
        if (!Decode)
        {
            WriteWarning("This is an encoding, no protection: everybody who can read the answer file can decode the password.");
        }
    });
}
